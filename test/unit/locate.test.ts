/** Who the client is: what proxies say is believed as far as they are trusted, and nothing that a client says. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeLocate } from "../../src/clients/locate.ts";
import type { Arrival } from "../../src/core/arrival.ts";
import type { ProxyTrust } from "../../src/core/inspection.ts";
import { readRange } from "../../src/core/ip.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, routeOf } from "./call.ts";

type Said = Record<string, string>;

function rangesOf(...texts: string[]): ProxyTrust["ranges"] {
  return texts.map((text) => readRange(text)).filter((range) => range !== undefined);
}

const TRUST: ProxyTrust = {
  hops: Number.POSITIVE_INFINITY,
  ranges: rangesOf("10.0.0.0/8", "2001:db8:aaaa::/48"),
  header: "x-forwarded-for",
  host: false,
};
const BY_FORWARDED: ProxyTrust = { ...TRUST, header: "forwarded" };

function located(peer: string | undefined, headers: Said, trust: ProxyTrust | undefined, listed = false) {
  const arrival: Arrival = {
    ...arrivalOf("GET", "/a?b=c", headers),
    clientAddress: peer,
    addressListed: listed,
  };
  return makeLocate(trust)(arrival);
}

describe("the client behind X-Forwarded-For", () => {
  it.each<[what: string, field: string | undefined, client: string]>([
    ["is the last address before the trusted one", "203.0.113.7", "203.0.113.7"],
    ["is what the nearest proxy says, whatever came before", "6.6.6.6, 203.0.113.7", "203.0.113.7"],
    ["is behind every trusted proxy", "6.6.6.6, 203.0.113.7, 10.1.1.1,10.2.2.2", "203.0.113.7"],
    ["is the first of them when all are trusted", "10.3.3.3, 10.1.1.1", "10.3.3.3"],
    ["may have a port", "203.0.113.7:4711", "203.0.113.7"],
    ["may be IPv6", "2001:DB8:0:0::7", "2001:db8::7"],
    ["may be IPv6 in brackets", "[2001:db8::7]", "2001:db8::7"],
    ["may be IPv6 with a port", "[2001:db8::7]:4711", "2001:db8::7"],
    ["is IPv4 when it is written as IPv6", "::ffff:203.0.113.7", "203.0.113.7"],
    ["is IPv4 when it is written as IPv6 in hexadecimal", "::ffff:cb00:7107", "203.0.113.7"],
    ["is trusted as IPv4 when it is written as IPv6", "203.0.113.7, ::ffff:10.1.1.1", "203.0.113.7"],
    ["is the proxy when it says nothing", undefined, "10.9.9.9"],
    ["is the proxy when it says nothing at the end", "203.0.113.7,", "10.9.9.9"],
    ["is the proxy that says what nobody can read", "203.0.113.7, unix:, 10.1.1.1", "10.1.1.1"],
    ["is the proxy that says unknown", "203.0.113.7, unknown", "10.9.9.9"],
    ["is no name", "203.0.113.7, localhost", "10.9.9.9"],
    ["is no address in an old notation", "203.0.113.7, 0313.0.0.1", "10.9.9.9"],
    ["is no address in an old notation within IPv6", "203.0.113.7, ::ffff:0203.0.113.8", "10.9.9.9"],
    ["is no number", "203.0.113.7, 3405803783", "10.9.9.9"],
    ["is no range", "203.0.113.7, 10.0.0.0/8", "10.9.9.9"],
    ["has no zone", "203.0.113.7, fe80::1%eth0", "10.9.9.9"],
    ["is not a port alone", "203.0.113.7, :80", "10.9.9.9"],
    ["is no IPv4 address in brackets", "203.0.113.7, [203.0.113.8]", "10.9.9.9"],
    ["is not in quotes", '203.0.113.7, "203.0.113.8"', "10.9.9.9"],
  ])("%s: %s", (_, field, client) => {
    const headers: Said = field === undefined ? {} : { "x-forwarded-for": field };
    expect(located("10.9.9.9", headers, TRUST).clientAddress).toBe(client);
  });

  it("is whoever is connected, when that is no trusted proxy, or unknown", () => {
    const headers = { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "http" };
    for (const trust of [TRUST, BY_FORWARDED, undefined]) {
      const arrival = located("192.0.2.1", headers, trust);
      expect([arrival.clientAddress, arrival.via, arrival.origin]).toEqual([
        "192.0.2.1",
        undefined,
        undefined,
      ]);
      expect(located(undefined, headers, trust).clientAddress).toBeUndefined();
      expect(located("not an address", headers, trust).clientAddress).toBeUndefined();
    }
    expect(located("10.9.9.9", headers, undefined).clientAddress).toBe("10.9.9.9");
  });

  it("is told the same however its address is written by the platform", () => {
    expect(located("::ffff:192.0.2.1", {}, undefined).clientAddress).toBe("192.0.2.1");
    expect(located("fe80:0:0::1%eth0", {}, undefined).clientAddress).toBe("fe80::1");
    expect(located("::ffff:10.9.9.9", { "x-forwarded-for": "203.0.113.7" }, TRUST).clientAddress).toBe(
      "203.0.113.7",
    );
  });

  it("is not read from Forwarded, and the other way round", () => {
    const both = { "x-forwarded-for": "203.0.113.7", forwarded: "for=203.0.113.8" };
    expect(located("10.9.9.9", both, TRUST).clientAddress).toBe("203.0.113.7");
    expect(located("10.9.9.9", both, BY_FORWARDED).clientAddress).toBe("203.0.113.8");
  });

  it("is as many proxies away as are counted, and no more", () => {
    const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.7, 198.51.100.1" };
    const hops = (count: number) =>
      located("192.0.2.1", headers, { ...TRUST, ranges: undefined, hops: count });
    expect([1, 2, 3, 4].map((count) => hops(count).clientAddress)).toEqual([
      "198.51.100.1",
      "203.0.113.7",
      "6.6.6.6",
      "6.6.6.6",
    ]);
    expect(hops(2).via).toEqual(["198.51.100.1", "192.0.2.1"]);
    // Both must hold.
    expect(located("192.0.2.1", headers, { ...TRUST, hops: 2 }).clientAddress).toBe("192.0.2.1");
    const inside = { "x-forwarded-for": "203.0.113.7, 10.1.1.1, 10.2.2.2" };
    expect(located("10.9.9.9", inside, { ...TRUST, hops: 2 }).clientAddress).toBe("10.1.1.1");
  });

  it("is looked for along 32 proxies and not further, however long the list is", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const everyone = { ...TRUST, ranges: undefined };
    const { clientAddress, via } = located("10.9.9.9", { "x-forwarded-for": chain.join(",") }, everyone);
    expect([clientAddress, via?.length]).toEqual([chain.at(-32), 32]);
  });

  it("is told to the upstream before the proxies that were believed, and nothing of what the client said", () => {
    const { via } = located("10.9.9.9", { "x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.1.1.1" }, TRUST);
    expect(via).toEqual(["10.1.1.1", "10.9.9.9"]);
  });

  it("is read beyond the platform's own entry, and only if that is there", () => {
    const platform = (field: string) => located("10.9.9.9", { "x-forwarded-for": field }, TRUST, true);
    expect(platform("6.6.6.6, 203.0.113.7, 10.9.9.9").clientAddress).toBe("203.0.113.7");
    expect(platform("203.0.113.7, ::ffff:10.9.9.9").clientAddress).toBe("203.0.113.7");
    for (const field of ["203.0.113.7", "203.0.113.7, 203.0.113.8", "203.0.113.7, "]) {
      expect(platform(field).clientAddress).toBe("10.9.9.9");
    }
    expect(platform("10.9.9.9").clientAddress).toBe("10.9.9.9");
  });
});

describe("the client behind Forwarded", () => {
  it.each<[what: string, field: string, client: string]>([
    ["is the last one named", "for=6.6.6.6, for=203.0.113.7", "203.0.113.7"],
    ["is named in any case, among other things", "By=10.0.0.1;FOR=203.0.113.7;proto=http", "203.0.113.7"],
    ["may be in quotes", 'for="203.0.113.7:4711"', "203.0.113.7"],
    ["may have a port without quotes", "for=203.0.113.7:4711", "203.0.113.7"],
    ["may have a hidden port", 'for="203.0.113.7:_gate"', "203.0.113.7"],
    ["may be IPv6", 'for="[2001:db8::7]:4711"', "2001:db8::7"],
    ["may be IPv6 without quotes", "for=[2001:db8::7]", "2001:db8::7"],
    ["may be escaped", 'for="203.0.113\\.7"', "203.0.113.7"],
    ["is behind every trusted proxy", 'for=203.0.113.7, for="10.1.1.1:80";by=10.9.9.9', "203.0.113.7"],
    ["is not in another element's quotes", 'for=203.0.113.7;x="a, for=6.6.6.6"', "203.0.113.7"],
    [
      "is not in another element's escaped quotes",
      'for=203.0.113.7;x="\\", for=6.6.6.6;y=\\""',
      "203.0.113.7",
    ],
    ["is not hidden by a quote that is never closed", 'for="6.6.6.6, for=203.0.113.7', "203.0.113.7"],
    ["is not hidden by a quote before quotes", 'for=6.6.6.6;x=", for="203.0.113.7"', "203.0.113.7"],
    ["is not hidden by a backslash before quotes", 'for="6.6.6.6\\, for="203.0.113.7"', "203.0.113.7"],
    ["is the proxy that hides it", "for=203.0.113.7, for=_hidden", "10.9.9.9"],
    ["is the proxy that does not know it", "for=203.0.113.7, for=unknown;proto=https", "10.9.9.9"],
    ["is the proxy that does not name it", "for=203.0.113.7, proto=https", "10.9.9.9"],
    ["is not named twice", "for=203.0.113.7, for=203.0.113.8;For=203.0.113.9", "10.9.9.9"],
    ["is not between things that cannot be read", "for=203.0.113.7, for=203.0.113.8;;", "10.9.9.9"],
    ["has a name before it", "for=203.0.113.7, 203.0.113.8", "10.9.9.9"],
    ["is nobody in an empty element", "for=203.0.113.7,", "10.9.9.9"],
  ])("%s: %s", (_, field, client) => {
    expect(located("10.9.9.9", { forwarded: field }, BY_FORWARDED).clientAddress).toBe(client);
  });
});

describe("what was asked for", () => {
  const originOf = (trust: Partial<ProxyTrust>, headers: Said, peer = "10.9.9.9") =>
    located(peer, headers, { ...TRUST, ...trust }).origin;
  const http = { "x-forwarded-proto": "http" };

  it("is said by the proxy that is connected, beside X-Forwarded-For", () => {
    expect(originOf({}, http)).toBe("http://gateway.example");
    expect(originOf({}, { "x-forwarded-proto": "https, http" })).toBe("http://gateway.example");
    expect(originOf({}, { "x-forwarded-proto": "HTTP" })).toBe("http://gateway.example");
    expect(originOf({}, { "x-forwarded-proto": "https" })).toBeUndefined();
    expect(originOf({}, http, "192.0.2.1")).toBeUndefined();
  });

  it("is another host only where the seller says that proxies say it", () => {
    const headers = { "x-forwarded-host": "api.example:8443" };
    expect(originOf({}, headers)).toBeUndefined();
    expect(originOf({ host: true }, headers)).toBe("https://api.example:8443");
    expect(originOf({ host: true }, { "x-forwarded-host": "6.example, api.example" })).toBe(
      "https://api.example",
    );
    expect(originOf({ host: true }, { "x-forwarded-host": "[2001:db8::1]:443" })).toBe(
      "https://[2001:db8::1]",
    );
    expect(originOf({ host: true }, headers, "192.0.2.1")).toBeUndefined();
  });

  it("is said by the outermost trusted proxy, in Forwarded", () => {
    const trust = { header: "forwarded", host: true } as const;
    const outermost = "for=203.0.113.7;proto=http;host=api.example";
    const inner = "for=10.1.1.1;proto=https;host=inner.example";
    const forwarded = `for=6.6.6.6;proto=https;host=evil.example, ${outermost}, ${inner}`;
    expect(originOf(trust, { forwarded })).toBe("http://api.example");
    expect(originOf({ ...trust, host: false }, { forwarded })).toBe("http://gateway.example");
    expect(originOf(trust, { forwarded: "for=unknown;proto=http" })).toBe("http://gateway.example");
    expect(originOf(trust, { ...http, "x-forwarded-host": "evil.example" })).toBeUndefined();
  });

  it.each([
    "evil.example/x",
    "user@evil.example",
    "a b",
    "evil.example#",
    "",
    ":80",
    "a:99999",
    "a?b",
    "[::1",
    "..",
    "a\\b",
  ])("is not what cannot be a host: %s", (host) => {
    expect(originOf({ host: true }, { "x-forwarded-host": host })).toBeUndefined();
  });

  it.each(["ftp", "https:", "javascript", "", "https://"])("is not what cannot be a scheme: %s", (proto) => {
    expect(originOf({}, { "x-forwarded-proto": proto })).toBeUndefined();
  });

  it("is what the call's URL says, with the path as it came", () => {
    const arrival = { ...arrivalOf("GET", "/a/b?x=//y"), origin: "http://api.example:81" };
    expect(compileMatch([routeOf("GET /*")])(arrival).url.href).toBe("http://api.example:81/a/b?x=//y");
  });
});

describe("whatever a client sends", () => {
  const client = fc.constantFrom("203.0.113.7", "2001:db8:bbbb::7");
  const proxies = fc.array(fc.constantFrom("10.1.1.1", "10.2.2.2", "2001:db8:aaaa::1"), { maxLength: 4 });
  const claim = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'for=;,"\\ 10.6:[]_%abc\t'), maxLength: 60 }),
    fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: 80,
    }),
    fc.constantFrom(
      "6.6.6.6",
      "10.6.6.6",
      "for=6.6.6.6",
      'for="10.6.6.6',
      'for=6.6.6.6;x="',
      "10.6.6.6, 10.6.6.6,",
    ),
  );
  const quoted = (address: string) => (address.includes(":") ? `"[${address}]"` : address);
  /** Each proxy adds who was connected to it; the nearest one is connected to the gateway. */
  const chain = (field: string, first: string, through: string[], write: (address: string) => string) =>
    [field, ...[first, ...through].slice(0, -1).map(write)].filter((part) => part !== "").join(", ");
  const LISTS = [
    ["x-forwarded-for", (address: string) => address],
    ["forwarded", (address: string) => `for=${quoted(address)};proto=https`],
    ["forwarded", (address: string) => `by="[::1]:80";host="a\\"b,";for=${quoted(address)}`],
  ] as const;

  it.each(LISTS)("it cannot choose its address through trusted proxies: %s, %s", (header, write) => {
    const hosts = fc.record({ proto: claim, host: claim });
    fc.assert(
      fc.property(claim, client, proxies, hosts, (field, first, through, { proto, host }) => {
        const peer = through.at(-1) ?? first;
        const headers = {
          "x-forwarded-for": field,
          forwarded: field,
          "x-forwarded-proto": proto,
          "x-forwarded-host": host,
          [header]: chain(field, first, through, write),
        };
        const found = located(peer, headers, { ...TRUST, header });
        expect(found.clientAddress).toBe(first);
        expect(found.via ?? []).toEqual(through);
        expect(new URL(found.origin ?? found.request.url).host).toBe("gateway.example");
      }),
      { numRuns: 2000 },
    );
  });

  it.each(LISTS)("it cannot choose its address where proxies are counted: %s, %s", (header, write) => {
    fc.assert(
      fc.property(claim, client, fc.integer({ min: 1, max: 4 }), (field, first, hops) => {
        const through = Array.from({ length: hops }, (_, i) => `198.51.100.${i}`);
        const headers = { [header]: chain(field, first, through, write) };
        const trust = { ...TRUST, header, hops, ranges: undefined };
        expect(located(through.at(-1), headers, trust).clientAddress).toBe(first);
      }),
      { numRuns: 2000 },
    );
  });

  it("it is its own address where it is connected itself", () => {
    fc.assert(
      fc.property(claim, claim, client, fc.boolean(), (one, other, peer, listed) => {
        const headers = { "x-forwarded-for": one, forwarded: other, "x-forwarded-host": one };
        const found = [TRUST, BY_FORWARDED, undefined].map((trust) => located(peer, headers, trust, listed));
        for (const { clientAddress, via, origin } of found) {
          expect([clientAddress, via, origin]).toEqual([peer, undefined, undefined]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("it is answered in time: a long field of anything is read once", () => {
    const fields = ['"', "\\", ",", '\\",', "a=b;", "[", '="'].map((part) => part.repeat(60_000));
    const begun = performance.now();
    for (const field of fields) {
      for (const trust of [TRUST, BY_FORWARDED]) located("10.9.9.9", { [trust.header]: field }, trust);
    }
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
