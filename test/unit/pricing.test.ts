/** What a call costs, from what is in it: no request that an upstream could read differently gets a price at all. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/core/call.ts";
import type { Route } from "../../src/core/route.ts";
import { makeQuote } from "../../src/pricing/quote.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { type Loose, loadWith } from "../config/valid.ts";

const quote = makeQuote({ clock: Date.now, secret: "s", complete: async (accepts) => accepts });

async function routeWith(members: Record<string, unknown>, key = "POST /a/:id"): Promise<Route> {
  const { routes } = await loadWith((config: Loose) => {
    config.routes = { [key]: { upstream: "api", ...members } };
  });
  const [route] = routes;
  if (!route) throw new Error("no route");
  return route;
}

type Sent = { body?: BodyInit; headers?: Record<string, string>; method?: string };

function callOf(route: Route, path = "/a/1", { body, headers = {}, method = "POST" }: Sent = {}): Call {
  const request = new Request(`https://gateway.example${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body, duplex: "half" }),
  });
  const rawPath = path.replace(/\?.*$/s, "");
  return compileMatch([route])({ request, rawPath, clientAddress: undefined, waitUntil: () => undefined });
}

/** What a call costs, atomic units of USDC, or the code it is refused with. */
async function costs(route: Route, path?: string, sent?: Sent): Promise<string> {
  try {
    const given = await quote(callOf(route, path, sent));
    return given.kind === "free" ? "free" : (given.accepts[0]?.amount ?? "nothing");
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const json = (value: unknown): Sent => ({ body: JSON.stringify(value) });
const CHEAP = "1000";
const DEAR = "90000";
const FALLBACK = "50000";

describe("rules", async () => {
  const route = await routeWith({
    match: [
      { where: { "body.model": "haiku-*" }, price: "$0.001" },
      { where: { "body.model": "opus-*", "body.stream": true }, price: "$0.09" },
      { where: { "body.n": 4 }, price: "$0.09" },
      { where: { "body.items[0].kind": "big" }, price: "$0.09" },
      { where: { "body.items[*].kind": "huge" }, price: "$0.09" },
    ],
    fallback: "$0.05",
  });
  const of = (value: unknown) => costs(route, "/a/1", json(value));

  it.each([
    [{ model: "haiku-4" }, CHEAP],
    [{ model: "opus-4", stream: true }, DEAR],
    [{ model: "opus-4" }, FALLBACK],
    [{ model: "opus-4", stream: null }, FALLBACK],
    [{ model: "HAIKU-4" }, CHEAP],
    [{ n: 4 }, DEAR],
    [{ n: 4.5 }, FALLBACK],
    [{ items: [{ kind: "big" }] }, DEAR],
    [{ items: [{}, { kind: "big" }] }, FALLBACK],
    [{ items: [{}, { kind: "huge" }] }, DEAR],
    [{ items: [] }, FALLBACK],
    [{ model: "haiku-4", n: 4 }, CHEAP],
    [{}, FALLBACK],
  ])("%j costs %s: all conditions of a rule, the first rule that fits", async (value, price) => {
    expect(await of(value)).toBe(price);
  });

  it.each([
    [{ model: ["haiku-4"] }],
    [{ model: { toString: "haiku-4" } }],
    [{ model: "haiku-4", stream: "true" }],
    [{ model: "haiku-4", stream: 1 }],
    [{ model: "haiku-4", n: "4" }],
    [{ model: "haiku-4", Model: "opus-4" }],
    // What a reader that heeds case finds is its default model.
    [{ MODEL: "haiku-4" }],
    // Readers that fold case take these for s and k (Go's encoding/json does).
    [{ model: "haiku-4", "\u017ftream": true }],
    [{ model: "haiku-4", items: [{ "\u212aind": "huge" }] }],
    [{ model: "haiku-4", items: "x" }],
    [{ model: "haiku-4", items: { 0: { kind: ["big"] } } }],
    [[{ model: "haiku-4" }]],
    ["haiku-4"],
    [4],
  ])("%j gets no price: it is not what the rules need, wherever the rule stands", async (value) => {
    expect(await of(value)).toBe("body_not_priceable");
  });

  it.each([
    ["nothing", ""],
    ["a text", "model=haiku-4"],
    ["half of it", '{"model":"haiku-4"'],
    ["two values", '{"model":"haiku-4"}{"model":"opus-4"}'],
    ["a byte order mark", '\uFEFF{"model":"haiku-4"}'],
    ["a name twice", '{"model":"haiku-4","model":"opus-4"}'],
    ["a name twice, which is none elsewhere", '{"__proto__":1,"model":"haiku-4","__proto__":2}'],
    ["a name twice, first with names in it", '{"n":{"a":1},"model":"haiku-4","n":4}'],
    ["a name twice, once escaped", '{"model":"haiku-4","mod\\u0065l":"opus-4"}'],
    ["a name twice, deeper", '{"model":"haiku-4","items":[{"a":1,"a":2}]}'],
    ["bytes that are no UTF-8", new Uint8Array([123, 34, 255, 34, 58, 49, 125])],
    ["UTF-16", new Uint8Array([...'{"model":"haiku-4"}'].flatMap((c) => [c.charCodeAt(0), 0]))],
    ["no end of brackets", "[".repeat(500_000)],
  ])("%s is no body to price", async (_, body) => {
    expect(await costs(route, "/a/1", { body })).toBe("body_not_json");
  });

  it("a name twice is found in any JSON, and in none that has each once", async () => {
    const once = fc.json();
    await fc.assert(
      fc.asyncProperty(once, async (text) => {
        expect(await costs(route, "/a/1", { body: text })).not.toBe("body_not_json");
        const twice = `{"a":${text},"b":[{"x y":1,"x y":${text}}]}`;
        expect(await costs(route, "/a/1", { body: twice })).toBe("body_not_json");
      }),
    );
  });

  it.each([
    ["one long string", '{"model":"haiku-4","image":"', "x".repeat(12_000_000), '"}'],
    ["one long string of escapes", '{"model":"haiku-4","text":"', '\\"'.repeat(2_000_000), '"}'],
    [
      "as deep as it can be",
      '{"model":"haiku-4","n":null,"deep":',
      "[".repeat(500_000),
      "]".repeat(500_000),
      "}",
    ],
  ])("%s is a body like any other", async (_, ...parts) => {
    const large = await routeWith({
      match: [{ where: { "body.model": "haiku-*" }, price: "$0.001" }],
      fallback: "$0.05",
      maxBodyBytes: 20_000_000,
    });
    expect(await costs(large, "/a/1", { body: parts.join("") })).toBe(CHEAP);
    const [open = "", ...rest] = parts;
    const twice = [open.replace("{", '{"model":"opus-4",'), ...rest].join("");
    expect(await costs(large, "/a/1", { body: twice })).toBe("body_not_json");
  });

  it.each([
    ["application/x-www-form-urlencoded", '{"model":"haiku-4","x":"&model=opus-4&stream=true&"}'],
    ["Application/X-WWW-Form-Urlencoded ; a=b", '{"model":"haiku-4"}'],
    ["multipart/form-data; boundary=b", '{"model":"haiku-4"}'],
    ["application/yaml", '{"model":"haiku-4"}'],
    ["text/xml", '{"model":"haiku-4"}'],
    ["application/json; charset=utf-7", '{"model":"haiku-4","+AG0-odel":"opus-4"}'],
    ["application/json; charset=utf-8; charset=utf-7", '{"model":"haiku-4"}'],
    ['application/json; charset="utf-16"', '{"model":"haiku-4"}'],
    ["application/json;charset*=utf-8''utf-7", '{"model":"haiku-4"}'],
  ])("%s says that it is to be read as something else, and gets no price", async (type, body) => {
    expect(await costs(route, "/a/1", { body, headers: { "content-type": type } })).toBe("body_not_json");
  });

  it.each([
    "text/plain",
    "application/octet-stream",
    "application/vnd.api+json",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "",
  ])("the content type %j does not change the price", async (type) => {
    const headers = { "content-type": type };
    expect(await costs(route, "/a/1", { body: '{"model":"opus-4","stream":true}', headers })).toBe(DEAR);
  });

  it("a compressed body is refused unread", async () => {
    const headers = { "content-encoding": "gzip" };
    expect(await costs(route, "/a/1", { body: "x", headers })).toBe("body_encoded");
  });

  it("a body made to be compared for long is refused; one that is merely long is not", async () => {
    const many = await routeWith({
      match: Array.from({ length: 100 }, (_, i) => ({
        where: { "body.items[*].kind": `a*b*c${i}*` },
        price: "$0.001",
      })),
      fallback: "$0.05",
    });
    const items = (length: number) => json({ items: Array.from({ length }, () => ({ kind: "x" })) });
    expect(await costs(many, "/a/1", items(60_000))).toBe("body_not_priceable");
    expect(await costs(many, "/a/1", items(2000))).toBe(FALLBACK);
    expect(await costs(many, "/a/1", json({ items: [{ kind: "x".repeat(100_000) }] }))).toBe(FALLBACK);
  });

  it("inherited names are no values", async () => {
    const tricky = await routeWith({
      match: [{ where: { "body.constructor.name": "*" }, price: "$0.001" }],
      fallback: "$0.05",
    });
    expect(await costs(tricky, "/a/1", json({}))).toBe(FALLBACK);
    expect(await costs(tricky, "/a/1", { body: '{"__proto__":{"constructor":{"name":"x"}}}' })).toBe(
      FALLBACK,
    );
  });
});

describe("rules on what comes as text", async () => {
  const route = await routeWith({
    match: [
      { where: { "query.tier": "premium" }, price: "$0.09" },
      { where: { "query.n": 4 }, price: "$0.09" },
      { where: { "query.fast": true }, price: "$0.09" },
      { where: { "headers.X-Priority": "high" }, price: "$0.09" },
      { where: { "params.id": "7*" }, price: "$0.09" },
    ],
    fallback: "$0.05",
  });
  it.each([
    ["/a/1", {}, FALLBACK],
    ["/a/1?tier=premium", {}, DEAR],
    ["/a/1?tier=PREMIUM", {}, DEAR],
    ["/a/1?tier=basic", {}, FALLBACK],
    ["/a/1?tier=basic&tier=premium", {}, "query_ambiguous"],
    ["/a/1?other=1&other=2", {}, FALLBACK],
    ["/a/1?TIER=premium", {}, "query_ambiguous"],
    ["/a/1?tier=basic&Tier=premium", {}, "query_ambiguous"],
    ["/a/1?tier[]=premium", {}, "query_ambiguous"],
    ["/a/1?tier=basic&tier%5B0%5D=premium", {}, "query_ambiguous"],
    ["/a/1?q=x;tier=premium", {}, "query_ambiguous"],
    ["/a/1?tier=premium;x=1", {}, "query_ambiguous"],
    ["/a/1?q=x;y&tiers=premium", {}, FALLBACK],
    ["/a/1?n=4.0", {}, DEAR],
    ["/a/1?n=", {}, FALLBACK],
    ["/a/1?fast=True", {}, DEAR],
    ["/a/1?fast=false", {}, FALLBACK],
    ["/a/1", { "x-priority": "high" }, DEAR],
    ["/a/1", { "x-priority": "low, high" }, DEAR],
    ["/a/1", { "x-priority": "highest" }, FALLBACK],
    ["/a/77", {}, DEAR],
    ["/a/%37%37", {}, "path_not_canonical"],
  ])("%s with %j costs %s", async (path, headers, price) => {
    const act = costs(route, path, { headers, body: "not json: nobody reads it" });
    expect(await act.catch((error: { code: string }) => error.code)).toBe(price);
  });
});

describe("a value that is a list", async () => {
  const route = await routeWith({
    match: [
      { where: { "headers.x-tier": "basic" }, price: "$0.001" },
      { where: { "headers.x-speed": "!fast" }, price: "$0.001" },
      { where: { "headers.x-tier": "gold" }, price: "$0.09" },
      { where: { "body.items[*].kind": "!huge" }, price: "$0.001" },
    ],
    fallback: "$0.05",
  });
  const of = (headers: Record<string, string>, items: object[] = [{ kind: "huge" }]) =>
    costs(route, "/a/1", { ...json({ items }), headers });

  it.each([
    [{ "x-tier": "basic" }, CHEAP],
    [{ "x-tier": "basic, basic" }, FALLBACK],
    [{ "x-tier": "basic, premium" }, FALLBACK],
    [{ "x-tier": "gold, basic" }, DEAR],
    [{ "x-tier": "gold, basic", "x-speed": "slow" }, CHEAP],
    [{ "x-speed": "slow" }, CHEAP],
    [{ "x-speed": "slow, fast" }, FALLBACK],
    [{ "x-speed": "fast" }, FALLBACK],
  ])("%j costs %s: of a header's readings the dearest counts", async (headers, price) => {
    expect(await of(headers)).toBe(price);
  });

  it("of a body is not something if no element is", async () => {
    expect(await of({}, [{ kind: "small" }, { kind: "tiny" }])).toBe(CHEAP);
    expect(await of({}, [{ kind: "small" }, { kind: "huge" }])).toBe(FALLBACK);
    expect(await of({}, [])).toBe(FALLBACK);
  });

  it("and a header that does not go to the upstream counts for nothing", async () => {
    expect(await of({ "x-tier": "basic", connection: "close, a b, , X-Tier" })).toBe(FALLBACK);
    const byFunction = await routeWith({
      price: ({ headers }: { headers: Record<string, string> }) => (headers["x-tier"] ? 0.001 : 0.05),
    });
    const headers = { "x-tier": "basic", connection: "x-tier" };
    expect(await costs(byFunction, "/a/1", { headers })).toBe(FALLBACK);
  });
});

const neverCut = () => expect.unreachable();

describe("the body that was priced", async () => {
  const route = await routeWith({
    match: [{ where: { "body.model": "a" }, price: "$0.001" }],
    fallback: "$0.05",
    maxBodyBytes: 64,
  });

  it("goes on byte for byte, blanks and order included", async () => {
    const text = '{ "b" : 1e0,\n\t"model":"\\u0061" }';
    const call = callOf(route, "/a/1", { body: text });
    await quote(call);
    expect(new TextDecoder().decode((await call.body.forward(neverCut)) as Uint8Array)).toBe(text);
  });

  it("streams on untouched where no price depends on it", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++;
          controller.enqueue(new TextEncoder().encode("xyz"));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const call = callOf(await routeWith({ price: "$0.01" }), "/a/1", { body });
    await quote(call);
    const forwarded = await call.body.forward(neverCut);
    expect(pulled).toBe(0);
    expect(await new Response(forwarded).text()).toBe("xyz");
  });

  it("is at most maxBodyBytes long, announced or not, and no more than that is read", async () => {
    expect(await costs(route, "/a/1", { body: "x".repeat(65), headers: { "content-length": "65" } })).toBe(
      "body_too_large",
    );
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 16;
        controller.enqueue(new Uint8Array(16));
      },
    });
    expect(await costs(route, "/a/1", { body: endless })).toBe("body_too_large");
    expect(pulled).toBeLessThan(64 + 5 * 16);
  });

  it("that breaks off, or does not come, is an answer and not a wait", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error("reset")),
    });
    expect(await costs(route, "/a/1", { body: broken })).toBe("body_incomplete");
    const { upstream } = route;
    const impatient = { ...route, upstream: { ...upstream, timeoutMs: 20 } };
    expect(await costs(impatient, "/a/1", { body: new ReadableStream() })).toBe("body_timeout");
  });

  it("is part of what the payment is bound to; equal bodies get equal quotes", async () => {
    const of = async (text: string) => JSON.stringify(await quote(callOf(route, "/a/1", { body: text })));
    const [a, same, blank] = await Promise.all(['{"model":"b"}', '{"model":"b"}', '{"model":"b" }'].map(of));
    expect(same).toBe(a);
    expect(blank).not.toBe(a);
  });

  it("prices of one route have tiers, so that what is bought at one opens no other", async () => {
    const tiers = await Promise.all(
      ["a", "b"].map(async (model) => {
        const given = await quote(callOf(route, "/a/1", json({ model })));
        return given.kind === "priced" ? given.quoted.tier : "";
      }),
    );
    expect(new Set(tiers).size).toBe(2);
    expect(tiers).not.toContain("");
  });
});

describe("price functions", () => {
  const by = async (price: unknown, path?: string, sent?: Sent, members = {}) =>
    costs(await routeWith({ price, ...members }), path, sent);

  it.each([
    ["$0.01", "10000"],
    ["0.01", "10000"],
    ["0.01 USD", "10000"],
    ["0.02 USDC", "20000"],
    ["$0", "free"],
    [0, "free"],
    [0.1 + 0.2, "300000"],
    [0.003 * 3, "9000"],
    [1e-6, "1"],
    [999_999.999999, "999999999999"],
  ])("%j costs %s", async (result, price) => {
    expect(await by(() => result)).toBe(price);
    expect(await by(async () => result)).toBe(price);
  });

  it.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [-0.01],
    [1e-7],
    [1_000_001],
    [1e300],
    ["-1"],
    ["$1e3"],
    ["$0.0000001"],
    ["$1000000.000001"],
    ["0.01 EURC"],
    ["free"],
    [""],
    [undefined],
    [null],
    [true],
    [10n],
    [{}],
    [["$0.01"]],
    [new String("$0.01")],
    [Object.create(null)],
    [
      new Proxy(
        {},
        {
          has: () => {
            throw new Error("trapped");
          },
        },
      ),
    ],
    [{ reject: true, status: 200 }],
  ])("%# is no price", async (result) => {
    expect(await by(() => result)).toBe("price_failed");
  });

  it("that throw, or reject, give no price, and the cause names the route", async () => {
    const throwing = () => {
      throw new Error("boom");
    };
    expect(await by(throwing)).toBe("price_failed");
    expect(await by(() => Promise.reject(new Error("boom")))).toBe("price_failed");
    const route = await routeWith({ price: throwing });
    const error = await quote(callOf(route)).catch((thrown: Error) => thrown);
    expect(String((error as Error).cause)).toContain("POST /a/:id");
  });

  it("may reject the call, with a status and a body of their own", async () => {
    const route = await routeWith({ price: () => ({ reject: true, status: 451, body: { why: "law" } }) });
    await expect(quote(callOf(route))).rejects.toMatchObject({
      code: "rejected",
      status: 451,
      details: { answer: { status: 451, type: "application/json", body: '{"why":"law"}' } },
    });
  });

  it("get what is in the request", async () => {
    const seen: unknown[] = [];
    const price = (input: unknown) => {
      seen.push(input);
      return 0.01;
    };
    await by(price, "/a/x%20y?q=1", { body: '{"n":[1]}', headers: { "x-a": "b" } });
    expect(seen).toEqual([
      expect.objectContaining({
        method: "POST",
        params: { id: "x y" },
        query: { q: "1" },
        headers: expect.objectContaining({ "x-a": "b" }),
        body: { n: [1] },
      }),
    ]);
  });

  it("that read a query name which was sent twice refuse the call; that do not, do not", async () => {
    const reads = ({ query }: { query: Record<string, string> }) => (query.tier === "premium" ? 0.09 : 0.001);
    expect(await by(reads, "/a/1?tier=premium")).toBe(DEAR);
    expect(await by(reads, "/a/1?tier=basic&tier=premium")).toBe("query_ambiguous");
    expect(await by(reads, "/a/1?Tier=premium")).toBe("query_ambiguous");
    expect(await by(reads, "/a/1?tier[]=premium")).toBe("query_ambiguous");
    expect(await by(() => 0.001, "/a/1?tier=basic&tier=premium")).toBe(CHEAP);
  });

  it("get no body where the route says stream, and the body is not touched", async () => {
    expect(await by(() => 0.001, "/a/1", { body: "not json" })).toBe("body_not_json");
    expect(
      await by(
        ({ body }: { body: unknown }) => (body === undefined ? 0.001 : 1),
        "/a/1",
        { body: "not json" },
        { body: "stream" },
      ),
    ).toBe(CHEAP);
  });
});

it("a model of the table is never free, whatever size of call is assumed", async () => {
  const of = async (assumedTokens: object, model: string) =>
    costs(await routeWith({ type: "token-based", assumedTokens }), "/a/1", json({ model }));
  // Embeddings have no output.
  expect(await of({ input: 0 }, "text-embedding-3-small")).toBe("model_unknown");
  expect(await of({ input: 0, output: 0 }, "gpt-5")).toBe("model_unknown");
  expect(await of({ output: 0 }, "text-embedding-3-small")).toBe("20");
});

describe("a quote that holds", () => {
  const clock = { now: Date.now() };
  const timed = makeQuote({ clock: () => clock.now, secret: "s", complete: async (accepts) => accepts });
  let price = 0.01;
  const members = { price: () => price, quoteTtl: "5m" };

  async function ask(path = "/a/1", sent: Sent = json({ a: 1 }), by = timed) {
    const given = await by(callOf(await routeWith(members), path, sent));
    if (given.kind !== "priced" || !given.accepts[0] || !given.quoted.honour) throw new Error("not priced");
    return { accepted: given.accepts[0], honour: given.quoted.honour };
  }

  it("is honoured after the price has changed, by another instance with the same secret, whatever the order of its members", async () => {
    const { accepted } = await ask();
    price = 0.05;
    const later = await ask();
    expect(later.accepted.amount).toBe("50000");
    const shuffled = {
      ...accepted,
      extra: Object.fromEntries(Object.entries(accepted.extra ?? {}).reverse()),
    };
    expect(await later.honour(shuffled)).toEqual({ requirements: shuffled, late: false });
    const other = await ask(
      "/a/1",
      json({ a: 1 }),
      makeQuote({ clock: () => clock.now, secret: "other", complete: async (accepts) => accepts }),
    );
    expect(await other.honour(accepted)).toBeUndefined();
  });

  it("is not honoured once anything in it was changed, or for another call", async () => {
    const { accepted, honour } = await ask();
    for (const change of [
      { amount: "1" },
      { payTo: `0x${"1".repeat(40)}` },
      { maxTimeoutSeconds: 9999 },
      { network: "eip155:1" },
    ]) {
      expect(await honour({ ...accepted, ...change })).toBeUndefined();
    }
    const { quote: signed, ...rest } = accepted.extra as Record<string, string>;
    const [ends = "", mac] = String(signed).split(".");
    for (const extra of [
      rest,
      { ...rest, quote: `${Number(ends) + 9}.${mac}` },
      { ...rest, quote: signed, more: 1 },
    ]) {
      expect(await honour({ ...accepted, extra })).toBeUndefined();
    }
    expect(await (await ask("/a/2")).honour(accepted)).toBeUndefined();
    expect(await (await ask("/a/1?x=1")).honour(accepted)).toBeUndefined();
    expect(await (await ask("/a/1", json({ a: 2 }))).honour(accepted)).toBeUndefined();
  });

  it("is not honoured with other headers, as far as the price depends on them", async () => {
    const byTier = {
      match: [{ where: { "headers.x-speed": "fast" }, price: "$0.9" }],
      price: ({ headers }: { headers: Record<string, string> }) =>
        price * (headers["x-tier"] === "premium" ? 9 : 1),
      quoteTtl: "5m",
    };
    const all = {
      price: ({ headers }: { headers: object }) => price * (Object.keys(headers).includes("x-tier") ? 9 : 1),
      quoteTtl: "5m",
    };
    for (const how of [byTier, all]) {
      const asking = async (headers: Record<string, string>) => {
        const given = await timed(callOf(await routeWith(how), "/a/1", { headers }));
        if (given.kind !== "priced" || !given.accepts[0] || !given.quoted.honour)
          throw new Error("not priced");
        return { accepted: given.accepts[0], honour: given.quoted.honour };
      };
      const { accepted } = await asking({ "x-other": "a" });
      const paid = { "x-other": "a", "payment-signature": "p", "access-control-expose-headers": "x" };
      expect(await (await asking(paid)).honour(accepted)).toBeDefined();
      expect(await (await asking({ ...paid, "x-tier": "premium" })).honour(accepted)).toBeUndefined();
      if (how === all) continue;
      expect(await (await asking({ ...paid, "x-other": "b" })).honour(accepted)).toBeDefined();
      expect(await (await asking({ ...paid, "x-speed": "fast" })).honour(accepted)).toBeUndefined();
    }
  });

  it("is honoured for its time; after that only to collect what was paid before", async () => {
    const { accepted, honour } = await ask();
    clock.now += 301_000;
    expect(await honour(accepted)).toEqual({ requirements: accepted, late: true });
  });
});
