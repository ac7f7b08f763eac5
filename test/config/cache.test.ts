/** The response cache in the configuration. */
import { describe, expect, it } from "vitest";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row } from "./valid.ts";

const cache = (rules: unknown, more: Record<string, unknown> = {}): Change =>
  onRoute({ cache: rules, ...more });
const at = "routes.GET /weather.cache";

it("true has the defaults; every choice is taken", async () => {
  const [plain, full] = await Promise.all([
    loadWith(cache(true)),
    loadWith(
      cache({
        ttl: "1m",
        maxTtl: 120,
        maxStale: "5s",
        methods: ["HEAD", "POST"],
        statuses: [200],
        vary: ["X-Tenant"],
        queryKeys: ["q"],
        maxBytes: 5,
        charge: "$0.004",
        wait: false,
        colo: true,
      }),
    ),
  ]);
  expect(plain.routes[0]?.cache).toEqual({
    ttlMs: 0,
    maxTtlMs: 86_400_000,
    maxStaleMs: 0,
    methods: new Set(["GET"]),
    statuses: undefined,
    vary: [],
    queryKeys: undefined,
    maxBytes: 1_048_576,
    charge: "full",
    waitMs: 5000,
    colo: false,
  });
  expect(full.routes[0]?.cache).toEqual({
    ttlMs: 60_000,
    maxTtlMs: 120_000,
    maxStaleMs: 5000,
    methods: new Set(["HEAD", "GET", "POST"]),
    statuses: new Set([200]),
    vary: ["x-tenant"],
    queryKeys: ["q"],
    maxBytes: 5,
    charge: { amount: { digits: 4n, scale: 3 } },
    waitMs: 0,
    colo: true,
  });
});

it("defaults hold for GET routes, a route's fields go over them, and false takes it out", async () => {
  const { routes } = await loadWith((config) => {
    config.defaults = { cache: { ttl: "1m", charge: "free" } };
    Object.assign(config.routes, {
      "GET /own": { upstream: "api", price: "$0.01", cache: { ttl: "5s" } },
      "GET /none": { upstream: "api", price: "$0.01", cache: false },
      "GET /free": { upstream: "api", price: "$0" },
      "POST /write": { upstream: "api", price: "$0.01" },
    });
  });
  expect(routes.map(({ cache }) => cache && [cache.ttlMs, cache.charge])).toEqual([
    [60_000, "free"],
    [5000, "free"],
    undefined,
    [60_000, "full"],
    undefined,
  ]);
});

it("the store's own ttlSeconds is the longest time", async () => {
  const { routes } = await loadWith((config) => {
    Object.assign(config.stores ?? {}, { responseCache: { ttlSeconds: 90 } });
    cache(true)(config);
  });
  expect(routes[0]?.cache?.maxTtlMs).toBe(90_000);
});

describe("what cannot be meant is a fault", () => {
  const rows: Row[] = [
    [
      cache({ charge: "cheap" }),
      `${at}.charge`,
      '"cheap" is not a price above zero or "$0"',
      'write it like "$0.01"',
    ],
    [
      cache({ charge: "free" }, { price: "$0" }),
      `${at}.charge`,
      "is about payments, and the route is free",
      "leave it out",
    ],
    [
      cache({ charge: "free" }, { pricing: { model: "credits", calls: 5 } }),
      `${at}.charge`,
      'is for calls that are paid one by one, and the route sells by "credits"',
      'leave it out, or write charge: "full"',
    ],
    [cache({ vary: ["a b"] }), `${at}.vary`, '"a b" is not a header', 'write it like "accept-language"'],
    [
      cache({ ttl: "soon" }),
      `${at}.ttl`,
      '"soon" is not a duration',
      'write it like "90s", "15m", "1h" or "7d"',
    ],
    [cache({ wait: "2m" }), `${at}.wait`, '"2m" is too long', 'write at most "1m"'],
    [
      cache({ queryKeys: ["page"] }, { path: "/v1?city=${query.city}" }),
      `${at}.queryKeys`,
      'leaves out "city", which the route\'s path or price depends on',
      'add "city"',
    ],
    [
      cache(
        { queryKeys: [] },
        { price: undefined, match: [{ where: { "query.tier": "x" }, price: "$1" }], fallback: "$2" },
      ),
      `${at}.queryKeys`,
      'leaves out "tier", which the route\'s path or price depends on',
      'add "tier"',
    ],
    [
      (config) => {
        config.routes = { "POST /a": { upstream: "api", price: "$0.01", cache: true } };
      },
      "routes.POST /a.cache",
      "answers to POST are not kept",
      'add methods: ["POST"], if it changes nothing',
    ],
    [
      (config) => {
        config.routes = { "DELETE /a": { upstream: "api", price: "$0.01", cache: true } };
      },
      "routes.DELETE /a.cache",
      "answers to DELETE are not kept",
      "leave it out",
    ],
    [
      (config) => {
        delete config.stores;
        config.routes = { "GET /a": { upstream: "api", price: "$0", cache: true } };
      },
      "routes.GET /a.cache",
      "kept answers need a store, and there is none",
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }',
    ],
    [
      (config) => {
        config.gateway = { admin: { token: "short" } };
      },
      "gateway.admin.token",
      "is too short, or not plain text",
      "write 24 letters and digits or more: openssl rand -hex 24",
    ],
  ];
  it.each(rows)("%#", (...row) => expectFault(row));

  it("an unknown key is told with the nearest known one", async () => {
    expect(await faultsOf(cache({ maxAge: "1m" }))).toEqual([
      { path: `${at}.maxAge`, message: "unknown key", fix: expect.stringContaining("ttl") },
    ]);
  });
});
