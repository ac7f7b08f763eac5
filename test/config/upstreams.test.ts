/** Faults of targets, retries, health, waits, header changes and maintenance. */
import { describe, expect, it } from "vitest";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row, set, type valid } from "./valid.ts";

const PATH = "upstreams.api";
const ROUTE = "routes.GET /weather";

/** Replaces the one upstream. */
const api =
  (members: Record<string, unknown>): Change =>
  (config) => {
    config.upstreams = { api: members };
  };
const URLS = [{ url: "https://a.example" }, { url: "https://b.example/v1", weight: 3 }];
const upstreamOf = async (members: Record<string, unknown>, env = {}) => {
  const { routes } = await loadWith(api(members), env);
  return routes[0]?.upstream;
};

describe("where an upstream is", () => {
  it("is one place, or several with their weights and headers", async () => {
    expect(await upstreamOf({ url: "https://a.example" })).toMatchObject({ targets: [{ weight: 1 }] });
    const headers = { "X-A": "all", "x-b": "all" };
    const targets = [{ ...URLS[0], headers: { "X-B": "own" } }, URLS[1]];
    expect(await upstreamOf({ targets, headers })).toMatchObject({
      base: new URL("https://a.example"),
      targets: [
        { weight: 1, headers: { "x-a": "all", "x-b": "own" } },
        { weight: 3, headers: { "x-a": "all", "x-b": "all" }, base: new URL("https://b.example/v1") },
      ],
    });
  });

  it("has the same names for its targets in every instance, another for each, whatever their order", async () => {
    const ids = async (targets: unknown[]) => (await upstreamOf({ targets }))?.targets.map(({ id }) => id);
    const [a, b] = (await ids(URLS)) ?? [];
    expect([a, b]).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/), expect.not.stringMatching(String(a))]);
    expect(await ids(URLS.toReversed())).toEqual([b, a]);
  });

  it.each<Row>([
    [
      api({ url: "https://a.example", targets: URLS }),
      `${PATH}.url`,
      "is given beside targets",
      "keep one of them",
    ],
    [
      api({ targets: [...URLS, { url: "https://a.example/" }] }),
      `${PATH}.targets[2]`,
      "is the same place as targets[0]",
      "give one of them more weight",
    ],
    [
      api({ targets: [{ url: "https://a.example", headers: { connection: "x" } }] }),
      `${PATH}.targets[0].headers.connection`,
      '"connection" cannot be changed',
      "leave it out: it belongs to the connection, the body's coding, payments or the gateway",
    ],
  ])("%s: %s, %s", (...row) => expectFault(row));

  it("is somewhere, and within reason", async () => {
    const paths = async (members: Record<string, unknown>) =>
      (await faultsOf(api(members))).map(({ path, message }) => `${path}: ${message}`);
    expect(await paths({})).toEqual([`${PATH}.url: is required`]);
    expect(await paths({ targets: [{ weight: 2 }] })).toEqual([`${PATH}.targets[0].url: is required`]);
    expect(await paths({ targets: [] })).toHaveLength(1);
    expect(await paths({ targets: [{ url: "https://a.example", weight: 0 }] })).toHaveLength(1);
    expect(await paths({ targets: [{ url: "https://a.example", waight: 1 }] })).toEqual([
      `${PATH}.targets[0].waight: unknown key`,
    ]);
  });
});

describe("a service binding", () => {
  const API = { fetch: () => Promise.resolve(new Response("ok")) };

  it("is looked up by its name, or given: the very object, not a copy", async () => {
    const named = await upstreamOf({ service: "API" }, { API });
    expect([named?.targets[0].service === API, named?.base.href]).toEqual([true, "http://api/"]);
    const given = await upstreamOf({ service: API, url: "https://inside.example/v1" });
    expect([given?.targets[0].service === API, given?.base.href]).toEqual([
      true,
      "https://inside.example/v1",
    ]);
  });

  it("can be one of several targets", async () => {
    const targets = [{ service: API }, { service: { ...API } }, { url: "https://a.example" }];
    const ids = (await upstreamOf({ targets }))?.targets.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([{}, { API: "text" }, { API: {} }, { API: undefined }])(
    "that is not there, or is none, is a fault of the environment: %j",
    async (env) => {
      expect(await faultsOf(api({ service: "API" }), env)).toMatchObject([
        { kind: "env", path: `${PATH}.service`, message: "there is no service binding API" },
      ]);
    },
  );

  it.each([3, {}, null])("is not %j", async (service) => {
    expect((await faultsOf(api({ service }))).map(({ message }) => message)).toEqual([
      "expected the name of a service binding, or the binding",
    ]);
  });
});

describe("waits", () => {
  const url = "https://a.example";

  it.each([
    [undefined, undefined, { timeoutMs: 60_000, idleMs: undefined, totalMs: undefined }],
    [5, undefined, { timeoutMs: 5000, idleMs: undefined }],
    [{ idle: 2 }, 7, { timeoutMs: 7000, idleMs: 2000, totalMs: undefined }],
    [3, { idle: 2, total: 90 }, { timeoutMs: 3000, idleMs: 2000, totalMs: 90_000 }],
    [{ headers: 1.5 }, { headers: 9, total: 90 }, { timeoutMs: 1500, totalMs: 90_000 }],
    [{ total: 10 }, undefined, { timeoutMs: 10_000, totalMs: 10_000 }],
  ])("%j over %j", async (timeout, shared, expected) => {
    const { routes } = await loadWith((config) => {
      config.gateway = { timeouts: shared === undefined ? {} : { upstream: shared } };
      config.upstreams = { api: timeout === undefined ? { url } : { url, timeout } };
    });
    expect(routes[0]?.upstream).toMatchObject(expected);
  });

  it.each<Row>([
    [
      api({ url, timeout: { headers: 11, total: 10 } }),
      `${PATH}.timeout`,
      "headers is longer than total",
      "write at most 10, or a longer total",
    ],
    [
      set({ gateway: { timeouts: { upstream: { idle: 11, total: 10 } } } }),
      "gateway.timeouts.upstream",
      "idle is longer than total",
      "write at most 10, or a longer total",
    ],
  ])("%s: %s, %s", (...row) => expectFault(row));

  it("a payment must outlast all attempts, or the whole exchange if that is shorter", async () => {
    const change = (timeout: number, total?: number) => (config: ReturnType<typeof valid>) => {
      config.upstreams = {
        api: { targets: URLS, timeout: { headers: 10, ...(total ? { total } : {}) }, health: false },
      };
      config.routes = {
        "GET /weather": { upstream: "api", price: "$0.01", settlement: "after-response", timeout },
      };
    };
    const fix = "write at least 36, or give the upstream less time";
    expect(await faultsOf(change(35))).toMatchObject([{ path: `${ROUTE}.timeout`, fix }]);
    expect(await faultsOf(change(36))).toEqual([]);
    expect(await faultsOf(change(28, 12))).toEqual([]);
    expect(await faultsOf(change(27, 12))).toHaveLength(1);
  });
});

describe("retries and health", () => {
  const url = "https://a.example";
  const all = ["connect", "502", "503", "504"];

  it.each([
    [{ url }, { attempts: 1 }],
    [{ targets: URLS }, { attempts: 2, on: [...all, "timeout"] }],
    [
      { targets: ["a", "b", "c", "d"].map((name) => ({ url: `https://${name}.example` })) },
      { attempts: 3, on: [...all, "timeout"] },
    ],
    [
      { url, retries: { attempts: 4 } },
      { attempts: 4, on: all },
    ],
    [
      { targets: URLS, retries: false },
      { attempts: 1, on: [] },
    ],
    [
      { url, retries: { attempts: 2, on: ["503"] } },
      { attempts: 2, on: ["503"] },
    ],
  ])("%j", async (members, retries) => {
    expect((await upstreamOf(members))?.retries).toMatchObject(retries);
  });

  it("health is counted for several targets where there is a store, unless it is not wanted", async () => {
    const counted = { failures: 5, withinMs: 30_000, ejectMs: 30_000 };
    expect((await upstreamOf({ targets: URLS }))?.health).toEqual(counted);
    expect((await upstreamOf({ url }))?.health).toBeUndefined();
    expect((await upstreamOf({ targets: URLS, health: false }))?.health).toBeUndefined();
    const health = { failures: 2, within: "5s", ejectFor: 60 };
    expect((await upstreamOf({ targets: URLS, health }))?.health).toEqual({
      failures: 2,
      withinMs: 5000,
      ejectMs: 60_000,
    });
  });

  it.each<Row>([
    [
      api({ url, health: {} }),
      `${PATH}.health`,
      "is about several targets, and there is one",
      "add targets, or leave it out",
    ],
    [
      (config) => {
        config.stores = {};
        config.upstreams = { api: { targets: URLS, health: {} } };
        config.routes = { "GET /weather": { upstream: "api", price: "$0" } };
      },
      `${PATH}.health`,
      "failures are counted in a store, and there is none",
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }',
    ],
    [
      api({ targets: URLS, health: { within: "61m" } }),
      `${PATH}.health.within`,
      '"61m" is too long',
      'write at most "60m"',
    ],
    [
      api({ url, retries: { attempts: 1, on: ["503"] } }),
      `${PATH}.retries.on`,
      "means nothing to a single attempt",
      "write attempts: 2, or retries: false",
    ],
  ])("%s: %s, %s", (...row) => expectFault(row));
});

describe("header changes", () => {
  const RESERVED =
    "content-length connection Transfer-Encoding keep-alive proxy-authenticate te trailer upgrade payment-response x-payment x-tollbooth-credits-remaining tollbooth-session settlement-overrides".split(
      " ",
    );

  it.each(RESERVED)("%s is nobody's to change, up or down", async (name) => {
    for (const side of ["requestHeaders", "responseHeaders"]) {
      for (const change of [{ set: { [name]: "x" } }, { remove: [name] }]) {
        const faults = await faultsOf(onRoute({ [side]: change }));
        expect(faults.map(({ message }) => message)).toEqual([
          expect.stringMatching(/^".*" cannot be changed$/),
        ]);
      }
    }
    expect(
      await faultsOf(api({ url: "https://a.example", responseHeaders: { remove: [name] } })),
    ).toHaveLength(1);
    expect(await faultsOf(api({ url: "https://a.example", headers: { [name]: "x" } }))).toHaveLength(1);
  });

  it.each([
    ["requestHeaders", "host"],
    ["responseHeaders", "ratelimit"],
    ["responseHeaders", "cdn-cache-control"],
    ["responseHeaders", "Vercel-CDN-Cache-Control"],
    ["responseHeaders", "content-encoding"],
  ])("%s: %s is not to be changed there", async (side, name) => {
    expect(await faultsOf(onRoute({ [side]: { set: { [name]: "x" } } }))).toHaveLength(1);
  });

  it("are a name and a value, and either set or removed", async () => {
    const messages = async (change: unknown) =>
      (await faultsOf(onRoute({ responseHeaders: change }))).map(({ path, message }) => [path, message]);
    const at = `${ROUTE}.responseHeaders`;
    expect(await messages({ set: { "x-a": "a\r\nb" } })).toEqual([
      [`${at}.set.x-a`, "is not a valid header"],
    ]);
    expect(await messages({ remove: ["a b"] })).toEqual([[`${at}.remove[0]`, "is not a valid header"]]);
    expect(await messages({ set: { "X-A": "1" }, remove: ["x-a"] })).toEqual([
      [`${at}.remove[0]`, '"x-a" is set as well'],
    ]);
  });

  it("leave the header alone that calls are charged by", async () => {
    const metered = (config: ReturnType<typeof valid>) => {
      config.accepts = [{ asset: "USDC", network: "base", scheme: "upto" }];
      config.routes = {
        "GET /weather": {
          upstream: "api",
          pricing: { model: "usage", max: "$1", header: { name: "X-Units", price: "$0.01" } },
        },
      };
    };
    expect(await faultsOf(metered)).toEqual([]);
    for (const responseHeaders of [{ set: { "x-units": "0" } }, { remove: ["X-UNITS"] }]) {
      const faults = await faultsOf((config) => {
        metered(config);
        Object.assign(config.upstreams.api ?? {}, { responseHeaders });
      });
      expect(faults).toMatchObject([
        { path: `${PATH}.responseHeaders`, message: '"x-units" is what calls are charged by' },
      ]);
    }
  });
});

describe("maintenance", () => {
  const told = async (change: Change) => (await loadWith(change)).routes[0]?.maintenance;
  const DEFAULT = { status: 503, message: undefined, retryAfterSeconds: 60 };

  it("closes every route, or one; what a route says counts for it", async () => {
    expect(await told(set({}))).toBeUndefined();
    expect(await told(set({ maintenance: true }))).toEqual(DEFAULT);
    expect(await told(onRoute({ maintenance: true }))).toEqual(DEFAULT);
    const full = { enabled: true, status: 500, message: "Back soon.", retryAfter: "1h" };
    expect(await told(set({ maintenance: full }))).toEqual({
      status: 500,
      message: "Back soon.",
      retryAfterSeconds: 3600,
    });
    const but = (maintenance: unknown) =>
      told((config) => {
        config.maintenance = full;
        onRoute({ maintenance })(config);
      });
    expect(await but(false)).toBeUndefined();
    expect(await but({ enabled: false })).toBeUndefined();
    expect(await but(true)).toEqual(DEFAULT);
  });

  it.each([
    [{ enabled: true, status: 402 }, "maintenance.status"],
    [{ enabled: true, status: 200 }, "maintenance.status"],
    [{ enabled: true, retryAfter: "soon" }, "maintenance.retryAfter"],
    [{ enabled: true, retryAfter: "32d" }, "maintenance.retryAfter"],
    [{ enabled: true, message: "" }, "maintenance.message"],
    [{ message: "why" }, "maintenance.enabled"],
    ["yes", "maintenance"],
  ])("%j is no maintenance, and said once", async (maintenance, path) => {
    const faults = await faultsOf((config) => {
      config.maintenance = maintenance;
      config.routes = {
        "GET /a": { upstream: "api", price: "$0" },
        "GET /b": { upstream: "api", price: "$0" },
      };
    });
    expect(faults.map((fault) => fault.path)).toEqual([path]);
  });
});
