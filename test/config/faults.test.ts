/** What is wrong is said with where, what, and what to write instead: one change of a right configuration each. */
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/faults.ts";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row, set } from "./valid.ts";

const PRICE = "routes.GET /weather.price";

describe("an unknown key, at every level, with the nearest known one", () => {
  const unknown = (change: Change, path: string, known: string): Row => [
    change,
    path,
    "unknown key",
    `did you mean "${known}"?`,
  ];
  it.each<Row>([
    unknown(set({ upstrems: {} }), "upstrems", "upstreams"),
    unknown(set({ gateway: { timeout: {} } }), "gateway.timeout", "timeouts"),
    unknown(set({ gateway: { timeouts: { upstraem: 1 } } }), "gateway.timeouts.upstraem", "upstream"),
    unknown(set({ defaults: { prise: "$1" } }), "defaults.prise", "price"),
    unknown(set({ facilitator: { defalt: "https://f.example" } }), "facilitator.defalt", "default"),
    unknown(
      ({ upstreams }) => Object.assign(upstreams.api ?? {}, { timout: 1 }),
      "upstreams.api.timout",
      "timeout",
    ),
    unknown(onRoute({ prcie: "$1" }), "routes.GET /weather.prcie", "price"),
    unknown(({ stores }) => Object.assign(stores ?? {}, { reddis: {} }), "stores.reddis", "redis"),
    unknown(
      set({ stores: { redis: { url: "https://r.example", token: "t", prefxi: "p" } } }),
      "stores.redis.prefxi",
      "prefix",
    ),
  ])("%#: %2$s", (...row) => expectFault(row));

  it("far from all of them: they are listed", async () => {
    const [fault] = await faultsOf(onRoute({ colour: "red" }));
    expect(fault?.fix).toMatch(/^known: upstream, path, price, (?:\w+, ){9}…$/);
  });
});

describe("a price", () => {
  const FORM = 'write it like "$0.01"';
  it.each([
    "abc",
    "-$1",
    "$-1",
    "$1e-3",
    "",
    "$",
    "$.5",
    "5.",
    "1,00",
    "$ 1",
    "€1",
    "0x1",
    "Infinity",
    "$1 USDC",
  ])("%j is none", (price) =>
    expectFault([onRoute({ price }), PRICE, `"${price}" is not a price above zero or "$0"`, FORM]),
  );

  it.each(["$0.0000001", "$1.0000001", "0.00000000000001"])("%s would be rounded", (price) =>
    expectFault([
      onRoute({ price }),
      PRICE,
      `${price} would be rounded in a token of 6 decimals on eip155:8453`,
      "the smallest step is $0.000001",
    ]),
  );

  it("that a route lacks, and the defaults too", () =>
    expectFault([
      onRoute({ price: undefined }),
      PRICE,
      "the route has no price, and there is no defaults.price",
      'write price: "$0.01", or "$0" for free',
    ]));
});

describe("several faults", () => {
  it("are all reported at once, each in its place, and in the message", async () => {
    const change: Change = (config) => {
      config.wallets = { base: "0x1" };
      config.accepts = [{ asset: "DOGE", network: "base" }];
      config.facilitator = "http://f.example";
      config.stores = { redis: { url: "redis://r.example", token: "t" } };
      config.upstreams = { api: { url: "ftp://api.example", headers: { "x-a": "a\nb" } } };
      config.routes = {
        "GET /a": { upstream: "apj", price: "abc" },
        weather: { upstream: "api", price: "$0" },
      };
    };
    const faults = await faultsOf(change);
    expect(faults.map(({ path }) => path).sort()).toEqual([
      "accepts[0].asset",
      "facilitator",
      "routes.GET /a.price",
      "routes.GET /a.upstream",
      "routes.weather",
      "stores.redis.url",
      "upstreams.api.headers.x-a",
      "upstreams.api.url",
      "wallets.base",
    ]);
    const error: unknown = await loadWith(change).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain("The configuration has 9 faults:");
    for (const { path, message, fix = "" } of faults) {
      expect(String(error)).toContain(`${path}: ${message}`);
      expect(String(error)).toContain(fix);
    }
  });

  it("of shape are all reported at once too", async () => {
    const faults = await faultsOf((config) => {
      config.defaults = { settlement: "later" };
      config.facilitator = 3;
      config.upstreams = { api: { timeout: -1 } };
      config.routes = { "GET /a": { price: 1 } };
    });
    expect(faults.map(({ path, message }) => [path, message])).toEqual([
      ["defaults.settlement", expect.stringContaining('"before-response"|"after-response"')],
      ["facilitator", "expected a URL, or { default, chains }"],
      ["upstreams.api.timeout", expect.stringContaining("Too small")],
      ["routes.GET /a.upstream", "is required"],
      ["routes.GET /a.price", 'expected "$0.01", or a function'],
    ]);
  });
});
