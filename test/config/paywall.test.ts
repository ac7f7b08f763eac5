/** The page that people see on a 402. */
import { expect, it } from "vitest";
import { type Change, expectFault, faultsOf, loadWith, type Row, set } from "./valid.ts";

const paywall = (value: unknown): Change => set({ gateway: { paywall: value } });
const NOTHING = { name: undefined, logo: undefined, testnetFaucet: undefined, terms: undefined };

it.each([undefined, true, {}])("%j shows it, and says nothing of the seller", async (value) => {
  expect((await loadWith(paywall(value))).paywall).toEqual(NOTHING);
});

it("false shows people what programs get", async () => {
  expect((await loadWith(paywall(false))).paywall).toBeUndefined();
});

it("takes a name, a logo, a faucet and terms", async () => {
  const settings = {
    name: "Weather & Co",
    logo: "data:image/svg+xml;base64,PHN2Zy8+",
    testnetFaucet: "https://faucet.example",
    terms: "https://shop.example/terms",
  };
  expect((await loadWith(paywall(settings))).paywall).toEqual(settings);
});

const LOGO = "write data:image/png;base64,… (or jpeg, gif, webp, avif, svg+xml)";
it.each<Row>([
  [
    paywall({ logo: "https://a.example/logo.png" }),
    "gateway.paywall.logo",
    "is not an image in a data: URL",
    LOGO,
  ],
  [
    paywall({ logo: "data:text/html;base64,AAAA" }),
    "gateway.paywall.logo",
    "is not an image in a data: URL",
    LOGO,
  ],
  [
    paywall({ terms: "javascript:alert(1)" }),
    "gateway.paywall.terms",
    '"javascript:alert(1)" is not a URL',
    "write https://…",
  ],
  [
    paywall({ testnetFaucet: "faucet.example" }),
    "gateway.paywall.testnetFaucet",
    '"faucet.example" is not a URL',
    "write https://…",
  ],
])("refuses %o: %s %s", async (...row) => {
  await expectFault(row);
});

it.each([
  ["gateway.paywall.naem", { naem: "x" }],
  ["gateway.paywall.name", { name: "" }],
  ["gateway.paywall.name", { name: "x".repeat(81) }],
  ["gateway.paywall.logo", { logo: `data:image/png;base64,${"A".repeat(32_768)}` }],
  ["gateway.paywall", "yes"],
])("%s: refuses %o", async (path, value) => {
  expect((await faultsOf(paywall(value))).map((fault) => fault.path)).toContain(path);
});
