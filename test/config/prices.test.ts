import { describe, expect, it } from "vitest";
import { defineConfig } from "../../src/index.ts";
import { type Change, expectFault, faultsOf, loadWith, onRoute, type Row, WALLET } from "./valid.ts";

const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const RULE = { where: { "query.tier": "premium" }, price: "$0.09" };
const at = (path: string) => `routes.GET /weather.${path}`;
const rule = (members: Record<string, unknown>) => onRoute({ match: [{ ...RULE, ...members }] });
const where = (name: string, value: unknown = "x") => rule({ where: { [name]: value } });

describe("what a route costs: settings that would do nothing, or not what was meant", () => {
  it.each<Row>([
    [
      onRoute({ fallback: "$0.01" }),
      at("fallback"),
      "would never be charged: the route has a price",
      "keep one of them",
    ],
    [
      onRoute({ price: undefined, fallback: "$0.01" }),
      at("fallback"),
      "is for routes with rules or models",
      'write price: "$0.01"',
    ],
    [
      onRoute({ quoteTtl: "5m" }),
      at("quoteTtl"),
      "is for price functions; other prices do not change",
      "leave it out",
    ],
    [
      onRoute({ body: "stream" }),
      at("body"),
      "is for price functions",
      "leave it out; rules read what they name",
    ],
    [onRoute({ models: { a: "$1" } }), at("models"), "are for token-based routes", 'add type: "token-based"'],
    [
      rule({ where: {} }),
      at("match[0].where"),
      "fits every call",
      "name a condition, or write the price as fallback",
    ],
    [
      rule({ price: "abc" }),
      at("match[0].price"),
      '"abc" is not a price above zero or "$0"',
      'write it like "$0.01"',
    ],
    [
      rule({ price: "1 EURC" }),
      at("match[0].price"),
      "EURC is not accepted",
      'add { asset: "EURC", network: "…" } to accepts',
    ],
    [
      where("cookie.a"),
      at("match[0].where.cookie.a"),
      'unknown part "cookie"',
      "known: body, query, headers, params",
    ],
    [where("query"), at("match[0].where.query"), "names nothing", 'write it like "body.model"'],
    [
      where("params.city"),
      at("match[0].where.params.city"),
      'the route has no parameter "city"',
      "there are none",
    ],
    [
      where("body.model"),
      at("match[0].where.body.model"),
      "GET calls have no body",
      "look at query.* or params.*",
    ],
    [
      onRoute({
        payTo: [
          { address: WALLET, share: 0.5 },
          { address: OTHER, share: 0.5 },
        ],
      }),
      at("payTo"),
      "cannot be split: a signed payment goes to one address",
      "give the address of a contract that splits what it receives",
    ],
    [
      rule({ payTo: "0x1" }),
      at("match[0].payTo"),
      "is not an address that can receive money",
      "write 0x and 40 hexadecimal digits; mixed case must be a valid checksum",
    ],
    [
      onRoute({ price: () => 1, quoteTtl: "5m", pricing: { model: "time", duration: "1h" } }),
      at("quoteTtl"),
      "is for prices that change, and what is bought ahead opens calls of its own price only",
      "leave it out, or sell single calls",
    ],
    [
      onRoute({ price: () => 1, quoteTtl: "5m", pricing: { model: "credits", calls: 2 } }),
      at("quoteTtl"),
      "is for prices that change, and what is bought ahead opens calls of its own price only",
      "leave it out, or sell single calls",
    ],
    [
      ({ routes }) => {
        routes["POST /weather"] = {
          upstream: "api",
          price: () => 1,
          body: "stream",
          match: [{ where: { "body.a": 1 }, price: "$1" }],
        };
      },
      "routes.POST /weather.body",
      "is read for the rules, so it cannot stream",
      "leave it out, or look at something else in match",
    ],
    [onRoute({ price: () => 1, body: "json" }), at("body"), "GET calls have no body", "leave it out"],
    [
      onRoute({ maxBodyBytes: 10 }),
      at("maxBodyBytes"),
      "nobody reads the body here, so nothing limits it",
      "leave it out; it is for prices and hooks that depend on the body",
    ],
    [
      rule({ price: "$0", payTo: OTHER }),
      at("match[0].payTo"),
      "nobody receives anything: the price is nothing",
      "leave it out",
    ],
    [
      onRoute({ payTo: { base: OTHER, "eip155:8453": WALLET } }),
      at("payTo.eip155:8453"),
      "names a network a second time",
      "keep one of them",
    ],
    [
      (config) => {
        config.wallets = { base: WALLET, solana: "So11111111111111111111111111111111111111112" };
        config.accepts = [
          { asset: "USDC", network: "base" },
          { asset: "USDC", network: "solana" },
        ];
        onRoute({ payTo: OTHER })(config);
      },
      at("payTo"),
      "is no address on solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp, which is accepted",
      'write { base: "0x…", solana: "…" }; networks that it leaves out are paid to wallets',
    ],
    [
      (config) => {
        config.wallets = { solana: "So11111111111111111111111111111111111111112" };
        config.accepts = [{ asset: "USDC", network: "solana" }];
        onRoute({ payTo: OTHER })(config);
      },
      at("payTo"),
      "is no address on solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp, which is accepted",
      'write { base: "0x…", solana: "…" }; networks that it leaves out are paid to wallets',
    ],
  ])("%# is a fault", (...row) => expectFault(row));

  it.each(["payTo", "settlement", "timeout"])("%s says nothing about a free route", async (name) => {
    const value = { payTo: OTHER, settlement: "after-response", timeout: 200 }[name];
    await expectFault([
      onRoute({ price: "$0", [name]: value }),
      at(name),
      "is about payments, and the route is free",
      "leave it out, or set a price",
    ]);
  });

  it.each<[Change, string]>([
    [rule({ where: { "query.a": null } }), at("match[0].where.query.a")],
    [rule({ where: { "query.a": ["x"] } }), at("match[0].where.query.a")],
    [onRoute({ match: [] }), at("match")],
    [where("headers.a b"), at("match[0].where.headers.a b")],
    [onRoute({ payTo: { solana: OTHER } }), at("payTo.solana")],
    [onRoute({ price: { fn: "./price.ts" } }), at("price")],
    [onRoute({ maxBodyBytes: 0 }), at("maxBodyBytes")],
    [onRoute({ price: () => 1, quoteTtl: "2d" }), at("quoteTtl")],
  ])("%# is refused", async (change, path) => {
    expect((await faultsOf(change)).map((fault) => fault.path)).toEqual([path]);
  });

  it("groups of paid time have one price", async () => {
    const pricing = { model: "time", duration: "1h", group: "g" };
    const faults = await faultsOf((config) => {
      config.routes = {
        "GET /a": { upstream: "api", price: "$1", pricing },
        "GET /b": { upstream: "api", price: () => 1, pricing },
      };
    });
    expect(faults.map(({ message }) => message)).toEqual([
      'is in one group with "GET /a", and "GET /b" has several prices',
    ]);
  });
});

describe("what it is compiled to", () => {
  it("names every value that rules look at once, with the types it is compared with", async () => {
    const { routes } = await loadWith((config) => {
      config.routes = {
        "POST /a/:id": {
          upstream: "api",
          match: [
            { where: { "body.a[0].b": "x", "query.c.d": 1 }, price: "$0.01", payTo: OTHER },
            { where: { "body.a.0.b": true, "headers.X-A": "y" }, price: "$0.02" },
          ],
          fallback: "$0.5",
          payTo: { base: OTHER },
        },
      };
    });
    expect(routes[0]?.pricing.reads).toEqual([
      { from: "body", path: ["a", "0", "b"], types: new Set(["string", "boolean"]) },
      { from: "query", path: ["c.d"], types: new Set(["number"]) },
      { from: "headers", path: ["x-a"], types: new Set(["string"]) },
    ]);
    expect(routes[0]?.pricing.readsBody).toBe(true);
    expect(routes[0]?.pricing.rules.map(({ payTo }) => payTo)).toEqual([{ "eip155:8453": OTHER }, {}]);
    expect(routes[0]?.offers.map(({ payTo }) => payTo)).toEqual([OTHER]);
    // The dearest: paths that look like a dearer route's are refused.
    expect(routes[0]?.price).toEqual({ digits: 5n, scale: 1 });
  });
});

describe("types", () => {
  it("a price function knows the parameters of its path, and upstreams are those that there are", () => {
    const config = defineConfig({
      upstreams: { api: { url: "https://api.example" } },
      routes: {
        "GET /data/:id/*": {
          upstream: "api",
          // @ts-expect-error the path has no such parameter
          price: ({ params }) => `$${params.id}${params["*"]}${params.name}`,
        },
        // @ts-expect-error there is no such upstream
        "GET /b": { upstream: "apj", price: () => 0.01 },
      },
    });
    expect(config).toBeTypeOf("function");
  });
});
