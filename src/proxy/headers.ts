/**
 * Which headers cross the gateway. Up: never what belongs to this connection, to the payment, or to another trust
 * domain. A client's cookies for the gateway's domain are nobody else's business, so they go up only to upstreams
 * that are the seller's own (`cookies: true`). Forwarding headers are a claim of whoever sends them: the client's are
 * dropped and ours put in their place. Down: never what could pass for the gateway's own word on a payment.
 */
import type { Asking } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import { connectionListed } from "../core/connection.ts";
import { CREDITS_HEADER, SESSION_COOKIE, SESSION_HEADER, TOP_UP_HEADER } from "../core/session.ts";
import { traceparentOf } from "../core/trace.ts";
import { wantsWebSocket } from "../core/upgrade.ts";
import type { HeaderChange, Target } from "../core/upstream.ts";

/** RFC 9110, 7.6.1, and those that the next hop's `fetch` sets by itself. */
const HOP_BY_HOP = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade expect host sec-websocket-key sec-websocket-version sec-websocket-accept".split(
    " ",
  ),
);
const PAYMENT = new Set([
  ..."payment-required payment-signature payment-response x-payment x-payment-response settlement-overrides sign-in-with-x x-tollbooth-settlement-skipped x-tollbooth-settlement-deferred".split(
    " ",
  ),
  SESSION_HEADER,
  `${SESSION_HEADER}-expires`,
  CREDITS_HEADER,
  TOP_UP_HEADER,
]);
const FORWARDING =
  /^(?:forwarded(?:-for)?|via|x-(?:original-)?forwarded(?:-.*)?|(?:x-|true-|x-cluster-)?client-ip|x-(?:real|remote|originating)-ip|x-(?:url-)?scheme|front-end-https|cf-.*|x-vercel-.*)$/;
/** Frameworks let these change what is asked for; the gateway has priced what it saw, and keeps the answer for that. */
const OVERRIDES = new Set(
  "x-original-url x-original-uri x-original-host x-original-method x-rewrite-url x-host x-http-host-override x-http-method x-http-method-override x-method-override x-matched-path x-now-route-matches x-invoke-path x-invoke-query x-invoke-output x-invoke-status x-middleware-subrequest x-middleware-rewrite".split(
    " ",
  ),
);
/** Caches in front of the gateway that heed these more than `Cache-Control`. */
const CDN_CACHING = /(?:^|-)cdn-cache-control$|^(?:surrogate-control|edge-control|x-accel-expires)$/;
/** What `fetch` decodes, here or there; another encoding goes through as it is. */
const DECODED = /^(?:x-gzip|gzip|br|deflate)$/i;
/** A directive's value may be a quoted list. */
const UNQUOTED_COMMA = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;
/** Continued by the gateway, which is a span of its own. */
const TRACING = ["traceparent", "tracestate"];
/** `@x402/fetch` sends this response header with its paid request. */
const CLIENT_QUIRKS = new Set(["access-control-expose-headers"]);

/**
 * The headers of the forwarded request: what the client sent and may, what the gateway says, what the target, then the
 * route sets, and at last what is `wanted`.
 */
export function upstreamHeaders(
  { request, url, route, clientAddress, via = [], trace }: Call,
  target: Pick<Target, "headers">,
  wanted: Asking["headers"] = {},
): Headers {
  const listed = connectionListed(request.headers);
  const headers = new Headers();
  const dropped = [HOP_BY_HOP, PAYMENT, CLIENT_QUIRKS, OVERRIDES, listed];
  for (const [name, value] of request.headers) {
    if (!FORWARDING.test(name) && !dropped.some((names) => names.has(name))) headers.append(name, value);
  }
  const cookies = route.upstream.cookies ? withoutOurs(headers.get("cookie") ?? "") : "";
  if (cookies === "") headers.delete("cookie");
  else headers.set("cookie", cookies);
  // Every runtime can decode these two; a range of an encoded body would be a range of something else.
  headers.set("accept-encoding", headers.has("range") ? "identity" : "gzip, br");
  // The runtime adds the rest of the handshake.
  if (wantsWebSocket(request)) headers.set("upgrade", "websocket");
  for (const name of TRACING) headers.delete(name);
  if (trace) headers.set("traceparent", traceparentOf(trace));
  if (trace?.state !== undefined) headers.set("tracestate", trace.state);
  headers.set("x-forwarded-host", url.host);
  headers.set("x-forwarded-proto", url.protocol.slice(0, -1));
  if (clientAddress !== undefined) headers.set("x-forwarded-for", [clientAddress, ...via].join(", "));
  for (const [name, value] of Object.entries(target.headers)) headers.set(name, value);
  changeHeaders(headers, route.requestHeaders);
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return headers;
}

/** Takes fields away, then sets others. */
export function changeHeaders(headers: Headers, { remove, set }: HeaderChange): void {
  for (const name of remove) headers.delete(name);
  for (const [name, value] of Object.entries(set)) headers.set(name, value);
}

/** The request's headers for the operator's own code: without what pays, or opens paid time. */
export function visibleHeaders(request: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of request) if (!PAYMENT.has(name)) headers.append(name, value);
  const cookies = withoutOurs(headers.get("cookie") ?? "");
  if (cookies === "") headers.delete("cookie");
  else headers.set("cookie", cookies);
  return headers;
}

/** A `Cookie` field without the gateway's own: a session's token is not for the upstream to see. */
function withoutOurs(field: string): string {
  const pairs = field.split(";").map((pair) => pair.trim());
  return pairs.filter((pair) => pair !== "" && !pair.startsWith(SESSION_COOKIE)).join("; ");
}

/** The headers of the answer, without those that describe a body `fetch` has already decoded. */
export function clientHeaders(upstream: Headers): Headers {
  const listed = connectionListed(upstream);
  const encoded = DECODED.test(upstream.get("content-encoding") ?? "");
  const headers = new Headers();
  for (const [name, value] of upstream) {
    const decoded = encoded && (name === "content-encoding" || name === "content-length");
    if (!HOP_BY_HOP.has(name) && !PAYMENT.has(name) && !listed.has(name) && !decoded)
      headers.append(name, value);
  }
  return headers;
}

/** `Cache-Control` of an answer somebody paid for: no shared cache may hand it to the next (x402, transport). */
export function makePrivate(headers: Headers): void {
  for (const name of [...headers.keys()]) if (CDN_CACHING.test(name)) headers.delete(name);
  const directives = (headers.get("cache-control") ?? "")
    .split(UNQUOTED_COMMA)
    .map((directive) => directive.trim());
  const kept = directives.filter(
    (directive) => directive !== "" && !/^(?:public|private|s-maxage)\b/i.test(directive),
  );
  headers.set("cache-control", ["private", ...kept].join(", "));
}
