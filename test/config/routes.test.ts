/** Faults of routes, templates and upstreams. */
import { describe, expect, it } from "vitest";
import { type Change, faultsOf, loadWith, onRoute, withKeys } from "./valid.ts";

const NOT_CANONICAL = "the path is not canonical: no //, dot segments, ';' or needless escapes";

const NOT_A_PATH = "must start with / and be canonical: no //, dot segments, ';' or needless escapes";

describe("a route's key", () => {
  it.each([
    "/weather",
    "GET weather",
    "GET",
    "",
    "get /weather",
    "HEAD /weather",
    "GET  /weather",
    "GET /a b",
    "GET /a\n",
  ])("%j is not a method and a path", async (key) => {
    expect(await faultsOf(withKeys(key))).toEqual([
      {
        path: `routes.${key}`,
        message: "is not a method and a path",
        fix: 'write it like "GET /weather/:city"',
      },
    ]);
  });

  it.each([
    ["GET /a//b", NOT_CANONICAL],
    ["GET /a/../b", NOT_CANONICAL],
    ["GET /./a", NOT_CANONICAL],
    ["GET /a;b", NOT_CANONICAL],
    ["GET /%61", NOT_CANONICAL],
    ["GET /a%2Fb", NOT_CANONICAL],
    ["GET /a%2", NOT_CANONICAL],
    ["GET /a/*/b", "* can only be the last segment"],
    ["POST /__Tollbooth", "paths under /__tollbooth are the gateway's own"],
    ["POST /__tollbooth/cache/purge", "paths under /__tollbooth are the gateway's own"],
    ["GET /a*", "* must be a segment of its own"],
    ["GET /:1", "a parameter is a colon and a name"],
    ["GET /:", "a parameter is a colon and a name"],
    ["GET /:a-b", "a parameter is a colon and a name"],
    ["GET /:a/:a", "two parameters have the same name"],
  ])("%s: %s", async (key, message) => {
    expect(await faultsOf(withKeys(key))).toEqual([{ path: `routes.${key}`, message }]);
  });

  it.each([
    ["GET /a/:b", "GET /a/:c"],
    ["GET /:a/x/:b", "GET /:c/x/:d"],
    ["GET /café", "GET /caf%C3%A9"],
  ])("%s and %s match the same calls", async (first, second) => {
    expect(await faultsOf(withKeys(first, second))).toEqual([
      { path: `routes.${second}`, message: `matches the same calls as "${first}"`, fix: "keep one of them" },
    ]);
  });

  it("of another method, or with a literal in its place, is another route", async () => {
    const keys = [
      "GET /a/:b",
      "POST /a/:b",
      "* /a/:b",
      "GET /a/b",
      "GET /a/*",
      "GET /:b/a",
      "GET /a/:b/",
      "POST /v1/items:batch",
      "POST /v1/items:delete",
    ];
    expect((await loadWith(withKeys(...keys))).routes.map(({ key }) => key)).toEqual(keys);
  });

  it.each(["GET /health", "GET /ready", "* /ready"])(
    "%s: the gateway answers that itself, unless told",
    async (key) => {
      const fix = "sell it under another path, or write gateway: { health: false }";
      const message = "the gateway answers /health and /ready itself";
      expect(await faultsOf(withKeys(key))).toEqual([{ path: `routes.${key}`, message, fix }]);
      const without: Change = (config) => {
        withKeys(key)(config);
        config.gateway = { health: false };
      };
      expect(await faultsOf(without)).toEqual([]);
      expect(await faultsOf(withKeys("POST /ready", "GET /ready/:id"))).toEqual([]);
    },
  );

  it("is needed: a gateway without routes sells nothing", async () => {
    expect(await faultsOf(withKeys())).toEqual([{ path: "routes", message: "there are none" }]);
  });
});

describe("a route's upstream", () => {
  it.each([
    ["apj", 'did you mean "api"?'],
    ["elsewhere", "known: api"],
    ["toString", "known: api"],
    ["__proto__", "known: api"],
  ])("%s is unknown", async (upstream, fix) => {
    expect(await faultsOf(onRoute({ upstream }))).toEqual([
      { path: "routes.GET /weather.upstream", message: `unknown upstream "${upstream}"`, fix },
    ]);
  });

  it.each([
    ["x-a", "a\r\nx-b: c"],
    ["x-a", "a\nb"],
    ["x-a", "a\u0000b"],
    ["x-a", "caf\u0107"],
    ["bad name", "a"],
    ["x-a:", "a"],
    ["", "a"],
  ])("cannot be sent the header %j: %j", async (name, value) => {
    const change: Change = ({ upstreams }) =>
      Object.assign(upstreams.api ?? {}, { headers: { [name]: value } });
    expect(await faultsOf(change)).toMatchObject([
      { path: `upstreams.api.headers.${name}`, message: "is not a valid header" },
    ]);
  });
});

describe("a route's template", () => {
  const on =
    (key: string, path: string): Change =>
    (config) => {
      config.routes = { [key]: { upstream: "api", price: "$0", path } };
    };

  it.each([
    ["GET /w/:city", "x", { message: NOT_A_PATH }],
    ["GET /w/:city", "", { message: NOT_A_PATH }],
    ["GET /w/:city", "//host/x", { message: NOT_A_PATH }],
    ["GET /w/:city", "/a//${params.city}", { message: NOT_A_PATH }],
    ["GET /w/:city", "/../${params.city}", { message: NOT_A_PATH }],
    ["GET /w/:city", "/a#b", { message: NOT_A_PATH }],
    ["GET /w/:city", "/a%2fb?c=%2f", { message: NOT_A_PATH }],
    [
      "GET /w/:city",
      "/${params.cty}",
      { message: 'the route has no parameter "cty"', fix: 'did you mean "city"?' },
    ],
    ["GET /w", "/${params.city}", { message: 'the route has no parameter "city"', fix: "there are none" }],
    ["GET /w", "/?q=${params.city}", { message: 'the route has no parameter "city"', fix: "there are none" }],
    [
      "GET /w/:city",
      "/${param.city}",
      { message: 'unknown reference "param"', fix: "use ${params.name} or ${query.name}" },
    ],
    [
      "GET /w/:city",
      "/*",
      { message: "has a * but the route has none", fix: 'end the route\'s path with "/*"' },
    ],
  ])("%s → %s", async (key, path, fault) => {
    expect(await faultsOf(on(key, path))).toEqual([{ path: `routes.${key}.path`, ...fault }]);
  });

  it.each([
    ["GET /w/:city", "/v1/${params.city}?units=m"],
    ["GET /w", "/v1?q=${query.q}&r=${query.r}"],
    ["GET /f/*", "/v1/*"],
  ])("%s → %s is right", async (key, path) => {
    expect((await loadWith(on(key, path))).routes[0]?.path).toBe(path);
  });
});

describe("a route's time", () => {
  const EXPIRES = "a payment would expire before it can be settled";

  it.each([
    ["before-response", 15, "write at least 16"],
    ["after-response", 75, "write at least 76, or give the upstream less time"],
  ])("%s: %i seconds are too few for a payment", async (settlement, timeout, fix) => {
    const path = "routes.GET /weather.timeout";
    expect(await faultsOf(onRoute({ settlement, timeout }))).toEqual([{ path, message: EXPIRES, fix }]);
    expect(await faultsOf(onRoute({ settlement, timeout: timeout + 1 }))).toEqual([]);
  });

  it.each([
    ["before-response", 60, 6],
    ["after-response", 96, 66],
  ])("%s: is long enough when nothing is said", async (settlement, timeoutSeconds, settleMarginSeconds) => {
    const { routes } = await loadWith(onRoute({ settlement }));
    expect(routes[0]).toMatchObject({ timeoutSeconds, settleMarginSeconds });
  });
});
