/**
 * Which route a call is for, and where it goes. At each segment of the path a literal wins over a `:param`, and a
 * `:param` over a last `*`, whatever the order in the configuration, so that no route can hide another. `HEAD` is
 * served by the `GET` route and costs the same. What matches nothing is refused with the nearest route as a hint and is
 * never forwarded.
 *
 * `GET /data/:id` matches `/data/42`, not `/data/42/` and not `/data/`. Many upstreams are less strict and serve
 * `/Premium/` as `/premium`; so a path that matches a route only loosely, while one that costs more is meant, is refused
 * as well.
 */
import { distance } from "fastest-levenshtein";
import type { Arrival } from "../core/arrival.ts";
import { openBody } from "../core/body.ts";
import type { Call } from "../core/call.ts";
import { isCanonicalPath, isReserved } from "../core/canonical.ts";
import { GatewayError } from "../core/errors.ts";
import { checkOpen } from "../core/maintenance.ts";
import { isDearer } from "../core/money.ts";
import type { Route } from "../core/route.ts";
import { targetUrl } from "./rewrite.ts";
import { buildTree, type Reading, readings } from "./tree.ts";

/**
 * Finds the route of an arrival.
 * @throws GatewayError `path_not_canonical`, `route_not_found`, `method_not_allowed`, `maintenance`, `body_too_large`
 */
export type Match = (arrival: Arrival) => Call;

/** RFC 9110, 9.2.1: what these are asked for changes nothing. */
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Compiles the routes; two of the same method and shape were refused by the configuration. */
export function compileMatch(routes: Route[]): Match {
  const exact = buildTree(routes, (segment) => segment);
  const loose = buildTree(routes, (segment) => segment.toLowerCase());

  return function match(arrival) {
    const url = urlOf(arrival);
    if (!isCanonicalPath(arrival.rawPath) || !isCanonicalPath(url.pathname)) {
      throw new GatewayError("path_not_canonical");
    }
    if (isReserved(url.pathname)) throw new GatewayError("route_not_found");
    const { method } = arrival.request;
    const found = readings(exact, segmentsOf(url.pathname));
    const chosen = choose(found, method);
    if (!chosen) throw refusal(method, url.pathname, found, routes);
    const { route, values } = chosen;
    if (values.length > 0) {
      // A route that is cheaper than the wildcard around it was meant to be.
      const around = new Set(found.map((reading) => choose([reading], method)?.route));
      for (const segments of loosely(segmentsOf(url.pathname))) {
        const meant = choose(readings(loose, segments), method);
        if (!meant || around.has(meant.route)) continue;
        if (isDearer(meant.route.price, route.price)) throw new GatewayError("path_not_canonical");
      }
    }
    checkOpen(route.maintenance);
    const body = openBody(arrival.request, route);
    // Answers that are kept are those of calls that change nothing, whatever their method.
    const changes = !SAFE.has(method) && !route.cache?.methods.has(method);
    const outdates = changes ? choose(found, "GET")?.route.cache : undefined;
    const call = { ...arrival, url, route, params: nameParams(route, values), body, outdates };
    return { ...call, target: targetUrl(call) };
  };
}

/** What the client asked for: behind a trusted proxy, under the scheme and host that it says. */
function urlOf({ request, origin }: Arrival): URL {
  const url = new URL(request.url);
  return origin === undefined ? url : new URL(origin + url.pathname + url.search);
}

function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

/** As careless upstreams might read the path: case folded, with and without a last slash. */
function loosely(segments: string[]): string[][] {
  const folded = segments.map((segment) => encodeURIComponent(decodeURIComponent(segment).toLowerCase()));
  const bare = folded.at(-1) === "" ? folded.slice(0, -1) : folded;
  return [bare, [...bare, ""]];
}

function choose(found: Reading[], method: string): { route: Route; values: string[] } | undefined {
  for (const { routes, values } of found) {
    const own = routes.get(method) ?? (method === "HEAD" ? routes.get("GET") : undefined) ?? routes.get("*");
    if (own) return { route: own, values };
  }
  return undefined;
}

function nameParams(route: Route, values: string[]): Record<string, string> {
  const names = route.pattern.split("/").filter((segment) => segment === "*" || segment.startsWith(":"));
  return Object.fromEntries(names.map((name, i) => [name.replace(/^:/, ""), values[i] ?? ""]));
}

function refusal(method: string, path: string, found: Reading[], routes: Route[]): GatewayError {
  if (found.length > 0) {
    const allowed = new Set(found.flatMap(({ routes }) => [...routes.keys()]));
    if (allowed.has("GET")) allowed.add("HEAD");
    return new GatewayError("method_not_allowed", { headers: { allow: [...allowed].join(", ") } });
  }
  const shown = routes.filter(({ hidden }) => !hidden);
  const near = nearest(`${method} ${path}`, shown);
  return new GatewayError("route_not_found", near ? { hint: `Did you mean ${near}?` } : {});
}

function nearest(wanted: string, routes: Route[]): string | undefined {
  const target = wanted.slice(0, 200);
  const ranked = routes.map(({ key }) => ({ key, far: distance(target, key) })).sort((a, b) => a.far - b.far);
  const [best] = ranked;
  return best && best.far <= Math.max(3, best.key.length / 3) ? best.key : undefined;
}
