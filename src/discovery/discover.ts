/**
 * The gateway shows what it sells: `/.well-known/x402`, `/.well-known/openapi.json`, `/llms.txt`. All of it is from the
 * configuration: nobody is asked, nobody is counted, and pages of any origin may read it. What is shown is what everybody is
 * told anyway who calls and does not pay; never where upstreams are, what they are sent, or what a price depends on.
 *
 * A route that is written for one of these paths takes its place; one with a parameter or a `*` there does not.
 */

import type { Compiled } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import { digest } from "../core/hash.ts";
import { DISCOVERY_PATHS, type Discovery } from "../core/listing.ts";
import type { Rooms } from "../core/rooms.ts";
import type { Route } from "../core/route.ts";
import { describe } from "./describe.ts";
import { endpointsOf } from "./endpoints.ts";
import { llmsOf } from "./llms.ts";

/** How long anybody may keep what was shown, seconds. */
const MAX_AGE = 300;

type Kind = { type: string; write: (routes: Route[], discovery: Discovery, origin: string) => string };

const JSON_TYPE = "application/json";
const KINDS: Record<(typeof DISCOVERY_PATHS)[number], Kind> = {
  "/.well-known/x402": {
    type: JSON_TYPE,
    write: (routes, _, origin) => JSON.stringify(endpointsOf(routes, origin)),
  },
  "/.well-known/openapi.json": {
    type: JSON_TYPE,
    write: (routes, discovery, origin) => JSON.stringify(describe(routes, discovery, origin)),
  },
  "/llms.txt": { type: "text/plain; charset=utf-8", write: llmsOf },
};

/** Stands for the gateway's own; the host is one that nobody else can have. */
const PLACEHOLDER = new URL("https://this-gateway.invalid");

/** Makes it. What was written last is kept, one text for each path: hosts are the client's to choose. */
export function makeDiscover(
  { discovery, routes, isComplete }: Pick<Compiled, "discovery" | "routes" | "isComplete">,
  locate: Rooms["locate"],
): Rooms["discover"] {
  const shown = routes.filter(({ hidden }) => !hidden);
  const own = new Set(routes.map(({ pattern }) => pattern));
  const templates = new Map<string, string>();
  const written = new Map<string, { origin: string; text: string; etag: string }>();

  /** Much may be sold: it is written once, and another host of a client's takes no more than a replacement. */
  async function textOf(path: string, { write }: Kind, said: Discovery, origin: string) {
    const known = written.get(path);
    if (known?.origin === origin) return known;
    const template = templates.get(path) ?? write(shown, said, PLACEHOLDER.origin);
    templates.set(path, template);
    // No host that can be asked has other signs; these documents have uses for them.
    const plain = origin.replace(/[^\w.:/[\]-]/g, "");
    const host = plain.replace(/^https?:\/\//, "");
    const text = template.replaceAll(PLACEHOLDER.origin, plain).replaceAll(PLACEHOLDER.host, host);
    const made = { origin, text, etag: `"${(await digest("SHA-256", text)).slice(0, 32)}"` };
    written.set(path, made);
    return made;
  }

  return async function discover(arrival) {
    const { request } = arrival;
    const { pathname } = new URL(request.url);
    const path = DISCOVERY_PATHS.find((one) => one === pathname);
    if (!discovery || !path || own.has(pathname)) return undefined;
    const headers = new Headers({
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "etag",
    });
    const { method } = request;
    if (method === "OPTIONS") {
      headers.set("access-control-allow-headers", "*");
      return new Response(null, { status: 204, headers });
    }
    if (method !== "GET" && method !== "HEAD") {
      throw new GatewayError("method_not_allowed", { headers: { allow: "GET, HEAD" } });
    }
    // What a proxy says of the host is no part of what shared caches tell answers apart by.
    const { origin: said } = locate(arrival);
    const origin = said ?? new URL(request.url).origin;
    const { text, etag } = await textOf(path, KINDS[path], discovery, origin);
    headers.set("cache-control", cacheControl(isComplete, said === undefined));
    headers.set("etag", etag);
    if (isKnown(request, etag)) return new Response(null, { status: 304, headers });
    headers.set("content-type", KINDS[path].type);
    return new Response(method === "HEAD" ? null : text, { headers });
  };
}

function cacheControl(isComplete: boolean, isShared: boolean): string {
  return isComplete ? `${isShared ? "public" : "private"}, max-age=${MAX_AGE}` : "no-store";
}

/** RFC 9110, 13.1.2. */
function isKnown({ headers }: Request, etag: string): boolean {
  const known = headers.get("if-none-match") ?? "";
  return known.trim() === "*" || known.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
