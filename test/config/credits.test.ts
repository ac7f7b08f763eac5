import { describe, expect, it } from "vitest";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row } from "./valid.ts";

const credits = (pricing: Record<string, unknown>): Change =>
  onRoute({ pricing: { model: "credits", ...pricing } });
const AT = "routes.GET /weather.pricing";

/** Two routes of one group. */
const together =
  (one: Record<string, unknown>, other: Record<string, unknown>): Change =>
  ({ routes }) => {
    routes["GET /a"] = { upstream: "api", price: "$1", ...one };
    routes["GET /b"] = { upstream: "api", price: "$1", ...other };
  };
const pack = (calls: number) => ({ pricing: { model: "credits", calls, group: "g" } });

describe("prepaid credits", () => {
  it("are for the route itself or its group, and last a year unless told", async () => {
    const { routes } = await loadWith((config) => {
      credits({ calls: 100 })(config);
      together(pack(5), { ...pack(5), price: "$1.00" })(config);
    });
    const [own, a, b] = routes.map((route) => route.credits);
    expect(own).toEqual({
      group: "route GET /weather",
      cookie: own?.cookie,
      calls: 100,
      ttlMs: 365 * 86_400_000,
    });
    expect(a).toEqual(b);
    expect([a?.group, a?.cookie]).not.toEqual([own?.group, own?.cookie]);
  });

  it("last as long as they say", async () => {
    const { routes } = await loadWith(credits({ calls: 1_000_000, ttl: "90d" }));
    expect(routes[0]?.credits).toMatchObject({ calls: 1_000_000, ttlMs: 90 * 86_400_000 });
  });

  it.each<Row>([
    [
      credits({ calls: 1, ttl: "soon" }),
      `${AT}.ttl`,
      '"soon" is not a duration',
      'write it like "90s", "15m", "1h" or "7d"',
    ],
    [credits({ calls: 1, ttl: "4000d" }), `${AT}.ttl`, '"4000d" is too long', 'write at most "3660d"'],
    [credits({ calls: 1, group: "a b" }), `${AT}.group`, "is not a name", "use letters, digits and . _ -"],
    [
      credits({ calls: 1, duration: "1h" }),
      `${AT}.duration`,
      "unknown key",
      expect.stringContaining("known"),
    ],
    [
      onRoute({ price: "$0", pricing: { model: "credits", calls: 5 } }),
      AT,
      "is about payments, and the route is free",
      "leave it out, or set a price",
    ],
    [
      (config) => {
        credits({ calls: 5 })(config);
        config.stores = {
          redis: { url: "https://redis.example", token: "t" },
          timeSession: { redis: { url: "https://elsewhere.example", token: "t" } },
        };
      },
      AT,
      "sells credits, and that takes one store for sessions and payments",
      "leave out the address of stores.timeSession",
    ],
  ])("%#", (...row) => expectFault(row));

  it.each([0, 1_000_001, 1.5, "100", undefined])("calls: %s is no number of calls", async (calls) => {
    const faults = await faultsOf(credits({ calls }));
    expect(faults.map(({ path }) => path)).toEqual([`${AT}.calls`]);
  });

  it.each([
    ["for another number of calls", pack(5), pack(6)],
    ["at another price", pack(5), { ...pack(5), price: "$2" }],
    ["for another time", pack(5), { pricing: { ...pack(5).pricing, ttl: "1d" } }],
    ["by time", pack(5), { pricing: { model: "time", duration: "1h", group: "g" } }],
  ])("a group that is sold %s as well is a fault", async (_, one, other) => {
    const faults = await faultsOf(together(one, other));
    expect(faults).toEqual([
      {
        path: "routes.GET /b.pricing",
        message: 'is in one group with "GET /a", but does not sell the same at the same price',
        fix: "make them equal, or use two groups",
      },
    ]);
  });

  it("another prefix for sessions is still one store", async () => {
    const faults = await faultsOf((config) => {
      credits({ calls: 5 })(config);
      config.stores = {
        redis: { url: "https://redis.example", token: "t" },
        timeSession: { keyPrefix: "s" },
      };
    });
    expect(faults).toEqual([]);
  });
});
