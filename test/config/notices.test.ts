/** What `tollbooth validate` tells of a configuration without faults: what its choices can promise, and what they cannot. */
import { expect, it } from "vitest";
import { noticesOf } from "../../src/config/notices.ts";
import { type Change, loadWith, onRoute, set } from "./valid.ts";

const metered: Change = (config) => {
  config.accepts = [{ asset: "USDC", network: "base", scheme: "upto" }];
  config.routes = {
    "GET /m": { upstream: "api", pricing: { model: "usage", max: "$1", bytes: { price: "$0.01" } } },
  };
};
const rules = (fallback: string): Change =>
  onRoute({ price: undefined, match: [{ where: { "query.a": "b" }, price: "$0.05" }], fallback });
const pricing = { model: "time", duration: "1h" };
const trust = (trustProxy: unknown): Change => set({ gateway: { trustProxy } });

it.each<[string, Change, string[]]>([
  ["nothing", onRoute({}), []],
  ["nothing of a free route", onRoute({ price: "$0" }), []],
  [
    "of streams that are charged at their headers",
    onRoute({ settlement: "after-response" }),
    ["before a stream has ended"],
  ],
  ["of streams that are charged at their end", metered, ["served for nothing"]],
  ["of a fallback that is cheaper than a rule", rules("$0.01"), ["sold at the lower price"]],
  ["nothing of a fallback that is dearer", rules("$0.05"), []],
  [
    "of paid time whose first call may fail",
    onRoute({ settlement: "after-response", pricing }),
    ["before a stream has ended", "only if the first call succeeds"],
  ],
])("of routes: %s", async (_, change, expected) => {
  const notices = noticesOf(await loadWith(change));
  expect(notices.map(({ message }) => message)).toEqual(
    expected.map((part) => expect.stringContaining(part)),
  );
  for (const { routes } of notices) expect(routes).toHaveLength(1);
});

it.each<[string, unknown, string[]]>([
  ["nobody", false, []],
  ["everybody", true, ["all that is said"]],
  ["whoever is connected", 1, ["whoever is connected"]],
  ["so many, wherever they are", { hops: 2, header: "forwarded" }, ["whoever is connected"]],
  ["all of IPv4", { cidrs: ["10.0.0.0/8", "0.0.0.0/0"] }, ["all that is said"]],
  ["so many of all of IPv6", { hops: 1, cidrs: ["::/0"] }, ["whoever is connected"]],
  ["those that are named", { hops: 2, cidrs: ["10.0.0.0/8"] }, []],
])("of trust in %s", async (_, trustProxy, expected) => {
  const notices = noticesOf(await loadWith(trust(trustProxy)));
  expect(notices).toEqual(expected.map((part) => ({ routes: [], message: expect.stringContaining(part) })));
});

it("a metered route's payments last long enough for a stream, unless it is said how long", async () => {
  const timeout = async (change: Change) => (await loadWith(change)).routes[0]?.timeoutSeconds;
  expect(await timeout(metered)).toBe(900);
  expect(
    await timeout((config) => {
      metered(config);
      Object.assign(config.routes["GET /m"] ?? {}, { timeout: 90 });
    }),
  ).toBe(90);
});
