/** The 402's page: its texts are escaped, what it is built from is current, and it stays small. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { buildPage } from "../../scripts/build-paywall.ts";
import { challenge } from "../../src/core/challenge.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { Paywall } from "../../src/core/paywall.ts";
import type { Route } from "../../src/core/route.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { SCRIPT, SCRIPT_HASH, STYLE, STYLE_HASH } from "../../src/paywall/built.ts";
import { makeShow } from "../../src/paywall/page.ts";
import { amountOf, boughtWith, networkOf } from "../../src/paywall/words.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, REQUIREMENTS, routeOf } from "./call.ts";

const PLAIN: Paywall = { name: undefined, logo: undefined, testnetFaucet: undefined, terms: undefined };
const EVIL = `"><img src=x>'</title></script><!--\u2028`;
const request = new Request("https://a.example/weather", { headers: { accept: "text/html" } });

function pageOf(
  settings: Paywall,
  accepts: PaymentRequirements[] = [REQUIREMENTS],
  description?: string,
): string {
  const call = compileMatch([routeOf("GET /weather", { price: "$0.01" })])(arrivalOf("GET", "/weather"));
  const error = challenge(call, accepts, "payment_required");
  const { offered } = error.details;
  if (!offered) throw new Error("a challenge offers something");
  const resource = { ...offered.required.resource, ...(description === undefined ? {} : { description }) };
  const told = { ...offered, required: { ...offered.required, resource } };
  const shown = makeShow(settings, Date.now)(
    request,
    new GatewayError(error.code, { ...error.details, offered: told }),
  );
  return shown.details.answer?.body ?? "";
}

it("script and style are those that paywall/ makes (npm run build:paywall), under the hashes that the policy names", async () => {
  expect(readFileSync("src/paywall/built.ts", "utf8")).toBe(await buildPage());
  const hashOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
  expect([SCRIPT_HASH, STYLE_HASH]).toEqual([hashOf(SCRIPT), hashOf(STYLE)]);
});

it("the page is at most 8 KiB over the wire, gzipped", () => {
  expect(gzipSync(pageOf(PLAIN, [REQUIREMENTS, REQUIREMENTS, REQUIREMENTS])).byteLength).toBeLessThanOrEqual(
    8 * 1024,
  );
});

it("what sellers and foreign systems write stays text: names, descriptions, terms of a payment", () => {
  const extra = { name: EVIL, version: EVIL };
  const page = pageOf(
    { ...PLAIN, name: EVIL, terms: `https://a.example/${EVIL}` },
    [{ ...REQUIREMENTS, payTo: EVIL, extra }],
    EVIL,
  );
  expect(page).not.toContain("<img");
  expect(page).not.toContain("<!--");
  expect(page.split("</script>")).toHaveLength(3);
  expect(page.split("</title>")).toHaveLength(2);
  const [, data = ""] = /<script type="application\/json"[^>]*>(.*)<\/script>/.exec(page) ?? [];
  expect(data).not.toContain("\u2028");
  expect(JSON.parse(data).ways[0].requirements.extra).toEqual(extra);
});

it("the seller's name, logo, terms and faucet are on it; the faucet only where a test network is", () => {
  const settings: Paywall = {
    name: "Weather & Co",
    logo: "data:image/png;base64,AAAA",
    testnetFaucet: "https://faucet.example/",
    terms: "https://terms.example/",
  };
  const page = pageOf(settings, [REQUIREMENTS], "Weather of today.");
  for (const text of [
    "Weather &amp; Co",
    'src="data:image/png;base64,AAAA"',
    "https://terms.example/",
    "Weather of today.",
  ])
    expect(page).toContain(text);
  expect(page).toContain("https://faucet.example/");
  expect(pageOf(settings, [{ ...REQUIREMENTS, network: "eip155:8453" }])).not.toContain("faucet.example");
});

it.each<[what: string, change: Partial<PaymentRequirements>, payable: boolean]>([
  ["exact with EIP-3009", {}, true],
  ["upto", { scheme: "upto" }, false],
  ["Permit2", { extra: { ...REQUIREMENTS.extra, assetTransferMethod: "permit2" } }, false],
  ["Solana", { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1" }, false],
])("%s can be paid in the page: %s", (_, change, payable) => {
  const page = pageOf(PLAIN, [{ ...REQUIREMENTS, ...change }]);
  expect(JSON.parse(/"payable":(true|false)/.exec(page)?.[1] ?? "")).toBe(payable);
  expect(page.includes("it needs an x402 client")).toBe(!payable);
});

it.each([
  ["10000", 6, "0.01"],
  ["1000000", 6, "1"],
  ["1230000", 6, "1.23"],
  ["1", 18, "0.000000000000000001"],
  ["100", 0, "100"],
  ["12000000000000000000000", 18, "12000"],
])("%s in a token of %i decimals is %s", (units, decimals, text) => {
  expect(amountOf(units, decimals)).toBe(text);
});

it.each<[sold: Partial<Route>, words: string]>([
  [{}, "for one call"],
  [{ session: { group: "g", cookie: "c", durationMs: 600_000 } }, "for 10 minutes"],
  [{ session: { group: "g", cookie: "c", durationMs: 5_400_000 } }, "for 90 minutes"],
  [{ session: { group: "g", cookie: "c", durationMs: 604_800_000 } }, "for 7 days"],
  [{ session: { group: "g", cookie: "c", durationMs: 500 } }, "for 0.5 seconds"],
  [{ credits: { group: "g", cookie: "c", calls: 1, ttlMs: 1 } }, "for 1 call"],
])("%j is sold %s", (sold, words) => {
  expect(boughtWith({ ...routeOf("GET /a"), ...sold })).toBe(words);
});

it.each([
  ["eip155:8453", "Base", false],
  ["eip155:84532", "Base Sepolia", true],
  ["eip155:43113", "Avalanche Fuji", true],
  ["solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "Solana Devnet", true],
  ["eip155:999999", "eip155:999999", false],
])("%s is called %s", (network, words, testnet) => {
  expect(networkOf(network)).toMatchObject({ network: words, testnet });
});
