/** The rules of the response cache, by themselves. */
import { describe, expect, it } from "vitest";
import { isNotModified } from "../../src/caching/conditional.ts";
import { parseDate } from "../../src/caching/dates.ts";
import { directives } from "../../src/caching/directives.ts";
import { askedOf, keysOf } from "../../src/caching/key.ts";
import { judge, lifetimeOf } from "../../src/caching/rules.ts";
import { wishesOf } from "../../src/caching/wishes.ts";
import type { CacheRules } from "../../src/core/cache.ts";
import type { Entry } from "../../src/core/kept.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, routeOf } from "./call.ts";

const RULES: CacheRules = {
  ttlMs: 0,
  maxTtlMs: 86_400_000,
  maxStaleMs: 30_000,
  methods: new Set(["GET"]),
  statuses: undefined,
  vary: [],
  queryKeys: undefined,
  maxBytes: 1000,
  charge: "full",
  waitMs: 1000,
  colo: false,
};
const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const AT = Date.UTC(1994, 10, 6, 8, 49, 37);

describe("how long an answer may be handed out", () => {
  const life = (headers: Record<string, string>, rules: Partial<CacheRules> = {}, status = 200) =>
    lifetimeOf({ status, headers: new Headers(headers) }, { ...RULES, ...rules }, false)?.lifetime;
  const lasting = (fresh: number, more: object = {}) => ({
    age: 0,
    fresh,
    whileRevalidate: 0,
    ifError: 30,
    strict: false,
    ...more,
  });

  it.each([
    ["max-age=60", lasting(60)],
    ["MAX-AGE=60", lasting(60)],
    ['max-age="60"', lasting(60)],
    ['ext="a, max-age=5", max-age=60', lasting(60)],
    ["max-age=60, max-age=60", lasting(60)],
    ["max-age=10, max-age=60", lasting(0)],
    ["max-age=-1", lasting(0)],
    ["max-age=1.5", lasting(0)],
    ["max-age=99999999999", lasting(86_400)],
    ["max-age=60, s-maxage=10", lasting(10, { ifError: 0 })],
    ["max-age=60, must-revalidate", lasting(60, { ifError: 0, strict: true })],
    ["max-age=60, no-cache", lasting(0, { ifError: 0, strict: true })],
    [
      "max-age=60, stale-while-revalidate=5, stale-if-error=7",
      lasting(60, { whileRevalidate: 5, ifError: 7 }),
    ],
    ["max-age=60, private", undefined],
    ['max-age=60, private="x-user"', undefined],
    ["max-age=60, no-store", undefined],
    ["max-age=60, no-store, must-understand", lasting(60)],
    ["public", undefined],
  ])("Cache-Control: %s", (field, expected) => {
    expect(life({ "cache-control": field })).toEqual(expected);
  });

  it("its own end counts from its own date, and what is no date has passed", () => {
    const expires = new Date(AT + 90_000).toUTCString();
    expect(life({ date: DATE, expires })?.fresh).toBe(90);
    expect(life({ date: DATE, expires: expires.replace(",", "") })?.fresh).toBe(0);
    expect(life({ date: DATE, expires, "cache-control": "max-age=5" })?.fresh).toBe(5);
  });

  it("the route's ttl is for answers that say nothing, and only for those that are good", () => {
    const rules = { ttlMs: 20_000 };
    expect(life({}, rules)).toEqual(lasting(20, { whileRevalidate: 30 }));
    expect(life({ "cache-control": "max-age=3" }, rules)).toEqual(lasting(3));
    expect([life({}, rules, 404), life({}, { ...rules, statuses: new Set([404]) }, 404)?.fresh]).toEqual([
      undefined,
      20,
    ]);
  });

  it("without anything said it is kept only to be asked about", () => {
    expect([life({}), life({ etag: '"a"' })]).toEqual([undefined, lasting(0)]);
  });

  it.each([
    ["max-age=5", 5],
    ["no-store", undefined],
    ["max-age=10000, &&&&&", 60],
    ['max-age="10000"', 60],
    ["max-age", 60],
    ["Max-Age=5", 60],
  ])("CDN-Cache-Control: %s, where it can be read, counts in its place", (field, fresh) => {
    expect(life({ "cdn-cache-control": field, "cache-control": "max-age=60" })?.fresh).toBe(fresh);
  });
});

describe("whether a kept answer will do", () => {
  const kept = (ageMs: number, lifetime: Partial<Entry["lifetime"]> = {}) => ({
    ageMs,
    entry: {
      status: 200,
      headers: [],
      encoding: "text",
      size: 0,
      shared: false,
      lifetime: { age: 0, fresh: 60, whileRevalidate: 0, ifError: 0, strict: false, ...lifetime },
    } satisfies Entry,
  });
  const asked = (field?: string) => wishesOf(new Headers(field ? { "cache-control": field } : {}));

  it.each([
    [59_999, undefined, "fresh"],
    [60_000, undefined, "expired"],
    [30_000, "max-age=29", "expired"],
    [30_000, "max-age=30", "fresh"],
    [30_000, "min-fresh=31", "expired"],
    [90_000, "max-stale=31", "stale"],
    [90_000, "max-stale=30", "expired"],
    [90_000, "max-stale", "stale"],
    [0, "no-cache", "expired"],
    [0, "max-age=0", "expired"],
    [0, "max-age=0, max-stale", "expired"],
  ] as const)("%d ms old, asked for with %s: %s", (ageMs, field, kind) => {
    expect(judge(kept(ageMs), asked(field)).kind).toBe(kind);
  });

  it("no client can have stale what must not be", () => {
    expect(judge(kept(61_000, { strict: true }), asked("max-stale=3600")).kind).toBe("expired");
  });

  it("the age that an answer came with counts", () => {
    expect(judge(kept(1000, { age: 59 }), asked())).toEqual({ kind: "expired", age: 60, ttl: 0 });
  });

  it("what is asked for anew in the background may be handed out meanwhile", () => {
    expect(judge(kept(64_000, { whileRevalidate: 5 }), asked()).kind).toBe("stale");
    expect(judge(kept(65_000, { whileRevalidate: 5 }), asked()).kind).toBe("expired");
  });
});

it.each([
  [DATE, AT],
  ["Sunday, 06-Nov-94 08:49:37 GMT", AT],
  ["Sun Nov  6 08:49:37 1994", AT],
  ["sun, 06 nov 1994 08:49:37 gmt", AT],
  ["Sun, 06 Nov 1994 08:49:37 UTC", undefined],
  ["Sun 06 Nov 1994 08:49:37 GMT", undefined],
  ["Sun, 6 Nov 1994 8:49:37 GMT", undefined],
  ["1994-11-06T08:49:37Z", undefined],
  ["0", undefined],
])("the date %s is %s", (text, ms) => {
  expect(parseDate(text)).toBe(ms);
});

it("directives are read as they are written, whatever they hold", () => {
  expect([...directives('a, B=1 ,c="x, d=2; \\"q\\"",, e = 5')]).toEqual([
    ["a", true],
    ["b", "1"],
    ["c", 'x, d=2; "q"'],
    ["e", true],
  ]);
});

describe("which calls ask for the same", () => {
  const keys = (path: string, queryKeys?: string[], origin = "https://shop.example") =>
    keysOf(new URL(origin + path), { queryKeys });
  const called = async (method: string, path: string, body?: string) => {
    const call = compileMatch([routeOf("* /*")])(arrivalOf(method, path));
    const bytes = async () => new TextEncoder().encode(body);
    return (await askedOf({ ...call, body: { ...call.body, bytes } }, RULES, new Headers())).key;
  };

  it("escapes in either case are the same; another order of the query is not, unless names are chosen", () => {
    expect(keys("/caf%c3%a9?x=%c3%a9")).toEqual(keys("/caf%C3%A9?x=%C3%A9"));
    expect(keys("/a?x=1&y=2")).not.toEqual(keys("/a?y=2&x=1"));
    expect(keys("/a?x=1&z=9&y=2", ["y", "x"])).toEqual(keys("/a?y=2&x=1", ["x", "y"]));
    expect(keys("/a?x=1&x=2", ["x"])).not.toEqual(keys("/a?x=2&x=1", ["x"]));
  });

  it("hosts, schemes, methods and bodies do not mix, however they are written", async () => {
    const asked = await Promise.all([
      called("GET", "/a"),
      called("POST", "/a", "d"),
      called("POST", "/a", "e"),
      called("PUT", "/a", "d"),
    ]);
    expect(new Set([...asked, ...keys("/a"), ...keys("/a", undefined, "https://other.example")]).size).toBe(
      8,
    );
    expect(await called("HEAD", "/a")).toBe(asked[0]);
    expect(keys("/a", undefined, "https://gateway.example")).toContain(asked[0]);
  });

  it("what a client proves itself with leaves the isolate as a hash only, and tells apart where the route says so", async () => {
    const call = compileMatch([routeOf("GET /a")])(arrivalOf("GET", "/a"));
    const seen = new Headers({
      authorization: "Bearer secret",
      "x-api-key": "k-123",
      "accept-language": "de, EN",
    });
    const asked = await askedOf(call, RULES, seen);
    expect(asked.credentials).toBe(true);
    expect(JSON.stringify(asked)).not.toMatch(/secret|k-123/);
    const own = await askedOf(call, { ...RULES, vary: ["authorization", "x-api-key"] }, seen);
    expect(own.credentials).toBe(false);
    expect(own.selecting.find(([name]) => name === "accept-language")?.[1]).toBe("de,en");
  });
});

it.each([
  [{ "if-none-match": '"a"' }, { etag: 'W/"a"' }, true],
  [{ "if-none-match": '"b", W/"a"' }, { etag: '"a"' }, true],
  [{ "if-none-match": "*" }, {}, true],
  [{ "if-none-match": '"b"', "if-modified-since": DATE }, { etag: '"a"', "last-modified": DATE }, false],
  [{ "if-modified-since": DATE }, { "last-modified": DATE }, true],
  [{ "if-modified-since": DATE }, { "last-modified": "Mon, 07 Nov 1994 08:49:37 GMT" }, false],
  [{ "if-modified-since": "yesterday" }, { "last-modified": DATE }, false],
  [{}, { etag: '"a"' }, false],
])("a client with %o has the answer with %o: %s", (request, headers, known) => {
  const call = compileMatch([routeOf("GET /a")])(arrivalOf("GET", "/a", request as Record<string, string>));
  expect(isNotModified(call, new Response("", { headers }))).toBe(known);
});
