import { describe, expect, it } from "vitest";
import { type Change, faultsOf, loadWith, onRoute } from "./valid.ts";

const limit = (rateLimit: unknown): Change => onRoute({ rateLimit });
const time = (pricing: Record<string, unknown>): Change =>
  onRoute({ pricing: { model: "time", ...pricing } });

describe("rate limits are read", () => {
  it("with every choice left out", async () => {
    const { routes } = await loadWith(limit({ requests: 10, window: "1m" }));
    expect(routes[0]?.limits).toEqual([
      {
        name: "default",
        algorithm: "sliding-window",
        requests: 10,
        windowMs: 60_000,
        burst: 10,
        key: "address",
        ban: undefined,
      },
    ]);
  });

  it("with every choice made", async () => {
    const key = () => "me";
    const full = { name: "day", requests: 5, window: 90, algorithm: "token-bucket", burst: 20, key };
    const { routes } = await loadWith(limit([full, { requests: 1, window: "250ms", key: { cookie: "id" } }]));
    expect(routes[0]?.limits).toMatchObject([
      { name: "day", windowMs: 90_000, burst: 20, key },
      { name: "default-2", windowMs: 250, key: { cookie: "id" } },
    ]);
  });

  it("those of defaults hold for a route that says nothing, and not for one that says false", async () => {
    const { routes } = await loadWith((config) => {
      config.defaults = { rateLimit: { requests: 3, window: "1s" } };
      config.routes["GET /free"] = { upstream: "api", price: "$0", rateLimit: false };
    });
    expect(routes.map(({ limits }) => limits.length)).toEqual([1, 0]);
  });

  it("a store's ttlSeconds is the window of a limit that names none", async () => {
    const { routes } = await loadWith((config) => {
      config.stores = { redis: { url: "https://r.example", token: "t" }, rateLimits: { ttlSeconds: 60 } };
      onRoute({ rateLimit: { requests: 5 } })(config);
    });
    expect(routes[0]?.limits[0]?.windowMs).toBe(60_000);
  });
});

describe("rate limits that mean nothing", () => {
  it.each([
    ["no window", { requests: 1 }, "rateLimit.window", "is required"],
    ["no number", { window: "1m" }, "rateLimit.requests", "is required"],
    ["a window of no length", { requests: 1, window: "0s" }, "rateLimit.window", '"0s" is not a duration'],
    ["a window in weeks", { requests: 1, window: "2w" }, "rateLimit.window", '"2w" is not a duration'],
    ["a window of years", { requests: 1, window: "400d" }, "rateLimit.window", '"400d" is too long'],
    [
      "a burst of a window",
      { requests: 1, window: 1, burst: 2 },
      "rateLimit.burst",
      "means nothing to a sliding-window",
    ],
    [
      "two keys",
      { requests: 1, window: 1, key: { header: "a", cookie: "b" } },
      "rateLimit.key",
      "names a header or a cookie",
    ],
    [
      "a header that is none",
      { requests: 1, window: 1, key: { header: "a b" } },
      "rateLimit.key",
      '"a b" cannot be the name of a header',
    ],
    ["an unknown key", { requests: 1, window: 1, key: "ip" }, "rateLimit.key", /address/],
    ["an unknown field", { requests: 1, window: 1, perIp: true }, "rateLimit.perIp", "unknown key"],
    ["a string", "100/min", "rateLimit", /expected \{ requests, window \}/],
    [
      "two of a name",
      [
        { requests: 1, window: 1, name: "a" },
        { requests: 2, window: 1, name: "a" },
      ],
      "rateLimit",
      'two limits are called "a"',
    ],
    ["a name with spaces", { requests: 1, window: 1, name: "a b" }, "rateLimit.name", '"a b" is not a name'],
  ])("%s", async (_, rateLimit, path, message) => {
    const faults = await faultsOf(limit(rateLimit));
    expect(faults).toHaveLength(1);
    expect(faults[0]?.path).toBe(`routes.GET /weather.${path}`);
    if (typeof message === "string") expect(faults[0]?.message).toBe(message);
    else expect(faults[0]?.message).toMatch(message);
  });

  it.each([
    [
      "payers of a free route",
      { price: "$0", rateLimit: { requests: 1, window: 1, key: "payer" } },
      "rateLimit",
    ],
    ["a store's failure without a limit", { onStoreError: "allow" }, "onStoreError"],
    ["answers of a free route kept", { price: "$0", keepAnswer: true }, "keepAnswer"],
    ["names for free calls", { price: "$0", paymentIdentifier: "required" }, "paymentIdentifier"],
    ["free calls verified", { price: "$0", verificationCache: { ttl: "1m" } }, "verificationCache"],
  ])("what would be ignored is a fault: %s", async (_, route, path) => {
    expect((await faultsOf(onRoute(route))).map((fault) => fault.path)).toEqual([
      `routes.GET /weather.${path}`,
    ]);
  });

  it("payers counted in another store than the payments: whether a payment is new is asked in one step", async () => {
    const faults = await faultsOf((config) => {
      const redis = { url: "https://r.example", token: "t" };
      config.stores = { redis, rateLimit: { redis: { url: "https://other.example", token: "t" } } };
      onRoute({ rateLimit: { requests: 1, window: 1, key: "payer" } })(config);
    });
    expect(faults.map(({ message }) => message)).toEqual([
      "counts payers, and that takes one store for rate limits and payments",
    ]);
  });

  it("payers counted in the same store, however often it is written, are counted", async () => {
    const { routes } = await loadWith((config) => {
      const redis = { url: "https://r.example", token: "t" };
      config.stores = { redis, rateLimit: { redis } };
      onRoute({ rateLimit: { requests: 1, window: 1, key: "payer" } })(config);
    });
    expect(routes[0]?.limits[0]?.key).toBe("payer");
  });

  it("a limit without a store, once however many routes it is the default of", async () => {
    const faults = await faultsOf((config) => {
      config.stores = {};
      config.defaults = { rateLimit: { requests: 1, window: 1 } };
      config.routes = {
        "GET /a": { upstream: "api", price: "$0" },
        "GET /b": { upstream: "api", price: "$0" },
      };
    });
    expect(faults.map(({ path, message }) => [path, message])).toEqual([
      ["defaults.rateLimit", "rate limits need a store, and there is none"],
    ]);
  });
});

describe("paid time", () => {
  it("is opened by the route itself or by its group", async () => {
    const { routes } = await loadWith((config) => {
      time({ duration: "15m" })(config);
      config.routes["GET /b"] = {
        upstream: "api",
        price: "$1",
        pricing: { model: "time", duration: "1h", group: "g" },
      };
      config.routes["GET /c"] = {
        upstream: "api",
        price: "$1.00",
        pricing: { model: "time", duration: 3600, group: "g" },
      };
    });
    const [a, b, c] = routes.map(({ session }) => session);
    expect(a).toMatchObject({ durationMs: 900_000 });
    expect(b).toEqual(c);
    expect(a?.group).not.toBe(b?.group);
    expect(a?.cookie).not.toBe(b?.cookie);
  });

  it("lasts as long as the store's ttlSeconds where no duration is named", async () => {
    const { routes } = await loadWith((config) => {
      config.stores = { redis: { url: "https://r.example", token: "t" }, sessions: { ttlSeconds: 1800 } };
      time({})(config);
    });
    expect(routes[0]?.session?.durationMs).toBe(1_800_000);
  });

  it.each([
    ["no duration", { pricing: { model: "time" } }, "pricing.duration", "is required"],
    [
      "a duration that is none",
      { pricing: { model: "time", duration: "soon" } },
      "pricing.duration",
      '"soon" is not a duration',
    ],
    [
      "time for nothing",
      { price: "$0", pricing: { model: "time", duration: "1h" } },
      "pricing",
      "is about payments, and the route is free",
    ],
    ["an unknown model", { pricing: { model: "tokens" } }, "pricing", /expected/],
    [
      "a field of another model",
      { pricing: { model: "request", duration: "1h" } },
      "pricing.duration",
      "unknown key",
    ],
    [
      "a group that is no name",
      { pricing: { model: "time", duration: "1h", group: "a b" } },
      "pricing.group",
      "is not a name",
    ],
  ])("%s", async (_, route, path, message) => {
    const [fault, ...more] = await faultsOf(onRoute(route));
    expect([fault?.path, more]).toEqual([`routes.GET /weather.${path}`, []]);
    if (typeof message === "string") expect(fault?.message).toBe(message);
    else expect(fault?.message).toMatch(message);
  });

  it("a group whose routes do not cost the same: the cheaper would be the price of all", async () => {
    const faults = await faultsOf((config) => {
      config.routes["GET /a"] = {
        upstream: "api",
        price: "$1",
        pricing: { model: "time", duration: "1h", group: "g" },
      };
      config.routes["GET /b"] = {
        upstream: "api",
        price: "$9",
        pricing: { model: "time", duration: "1h", group: "g" },
      };
    });
    expect(faults.map(({ path }) => path)).toEqual(["routes.GET /b.pricing"]);
  });
});
