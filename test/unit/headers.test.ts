import { describe, expect, it } from "vitest";
import { clientHeaders, makePrivate, upstreamHeaders } from "../../src/proxy/headers.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, routeOf } from "./call.ts";

/** What the upstream gets of these. */
function up(
  headers: Record<string, string>,
  upstream: { headers?: Record<string, string>; cookies?: boolean } = {},
) {
  const call = compileMatch([routeOf("GET /a", upstream)])(arrivalOf("GET", "/a", headers));
  return upstreamHeaders(call, call.route.upstream.targets[0]);
}

function privateOf(headers: Record<string, string>): Headers {
  const answer = new Headers(headers);
  makePrivate(answer);
  return answer;
}

describe("an answer that was paid for", () => {
  it.each([
    ["", "private"],
    ["public", "private"],
    ["public, max-age=60", "private, max-age=60"],
    ["max-age=60, s-maxage=600", "private, max-age=60"],
    ["PUBLIC , S-MaxAge=1 ,, no-transform", "private, no-transform"],
    ["private", "private"],
    ["private=x, no-store", "private, no-store"],
    ["no-store", "private, no-store"],
    ["publication=1", "private, publication=1"],
  ])("with Cache-Control %j is kept by no shared cache: %j", (before, after) => {
    expect(privateOf({ "cache-control": before }).get("cache-control")).toBe(after);
  });

  it.each([
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "vercel-cdn-cache-control",
    "netlify-cdn-cache-control",
    "surrogate-control",
    "edge-control",
    "x-accel-expires",
  ])("has no %s, which a cache in front of the gateway would heed first", (name) => {
    const headers = privateOf({ [name]: "max-age=3600", "x-other": "1" });
    expect([...headers.keys()].sort()).toEqual(["cache-control", "x-other"]);
  });
});

describe("the client", () => {
  it.each([
    "payment-response",
    "payment-required",
    "x-payment-response",
    "x-tollbooth-settlement-skipped",
    "connection",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
  ])("never gets %s from an upstream", (name) => {
    expect([...clientHeaders(new Headers({ [name]: "x" })).keys()]).toEqual([]);
  });

  it("does not get what Connection names, in any case", () => {
    const upstream = new Headers({ connection: "close, X-Hop", "x-hop": "1", "x-end": "2" });
    expect([...clientHeaders(upstream)]).toEqual([["x-end", "2"]]);
  });

  it("gets each cookie of the upstream by itself", () => {
    const upstream = new Headers();
    for (const cookie of ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"])
      upstream.append("set-cookie", cookie);
    expect(clientHeaders(upstream).getSetCookie()).toEqual(upstream.getSetCookie());
  });

  it("is told the length of a body only if it is the one it gets", () => {
    const type = { "content-type": "text/plain" };
    const plain = clientHeaders(new Headers({ "content-length": "5", ...type }));
    expect(Object.fromEntries(plain)).toEqual({ "content-length": "5", ...type });
    const decoded = clientHeaders(
      new Headers({ "content-length": "5", "content-encoding": "gzip", ...type }),
    );
    expect(Object.fromEntries(decoded)).toEqual(type);
  });
});

describe("the upstream", () => {
  it.each([
    ["payment-signature", "the payment"],
    ["x-payment", "the payment of version 1"],
    ["sign-in-with-x", "the payer's proof of identity"],
    ["cookie", "cookies of another domain"],
    ["te", "a matter of this connection"],
    ["proxy-authorization", "a matter of this connection"],
    ["x-forwarded-user", "a claim of the client"],
    ["forwarded", "a claim of the client"],
    ["x-real-ip", "a claim of the client"],
    ["cf-connecting-ip", "a claim of the client"],
    ["x-vercel-forwarded-for", "a claim of the client"],
    ["x-original-url", "another path than the one that was priced"],
    ["x-rewrite-url", "another path than the one that was priced"],
    ["x-http-method-override", "another method than the one that was priced"],
    ["x-method-override", "another method than the one that was priced"],
    ["x-original-uri", "another path than the one that was priced"],
    ["x-forwarded", "a claim of the client"],
    ["x-cluster-client-ip", "a claim of the client"],
    ["x-scheme", "a claim of the client"],
    ["front-end-https", "a claim of the client"],
    ["x-middleware-subrequest", "what only the framework may say to itself"],
    ["x-now-route-matches", "what only the framework may say to itself"],
  ])("does not get %s: %s", (name) => {
    expect(up({ [name]: "from-the-client" }).get(name)).toBeNull();
  });

  it("is told who asked, as the platform vouches for it", () => {
    const headers = up({
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-host": "evil",
      "x-forwarded-proto": "gopher",
    });
    expect(headers.get("x-forwarded-for")).toBe("192.0.2.7");
    expect(headers.get("x-forwarded-host")).toBe("gateway.example");
    expect(headers.get("x-forwarded-proto")).toBe("https");
  });

  it("is told nobody when the platform does not know", () => {
    const arrival = { ...arrivalOf("GET", "/a", { "x-forwarded-for": "6.6.6.6" }), clientAddress: undefined };
    const call = compileMatch([routeOf("GET /a")])(arrival);
    expect(upstreamHeaders(call, call.route.upstream.targets[0]).has("x-forwarded-for")).toBe(false);
  });

  it("gets its own key whatever the client sends under that name, and even if Connection names it", () => {
    const headers = { "X-Api-Key": "ours" };
    expect(up({ "x-api-key": "theirs" }, { headers }).get("x-api-key")).toBe("ours");
    expect(up({ connection: "x-api-key" }, { headers }).get("x-api-key")).toBe("ours");
  });

  it("gets cookies only where it is configured to", () => {
    expect(up({ cookie: "a=1" }, { cookies: true }).get("cookie")).toBe("a=1");
  });

  it("is not asked for a range of an encoded body", () => {
    expect(up({ "accept-encoding": "zstd", range: "bytes=0-1" }).get("accept-encoding")).toBe("identity");
    expect(up({ "accept-encoding": "zstd" }).get("accept-encoding")).toBe("gzip, br");
  });

  it("gets everything else unchanged", () => {
    const headers = { authorization: "Bearer x", "content-type": "text/plain", "x-custom": "a, b" };
    expect(Object.fromEntries(up(headers))).toMatchObject(headers);
  });
});
