/**
 * Which route a call is for. Routes are compiled once into a tree of path segments; at each segment a literal wins
 * over a `:param`, and a `:param` over a last `*`, whatever the order in the configuration, so that no route can hide
 * another. `HEAD` is served by the `GET` route and costs the same. What matches nothing is refused with the nearest
 * route as a hint and is never forwarded.
 *
 * `GET /data/:id` matches `/data/42`, not `/data/42/` and not `/data/`.
 */
import { distance } from "fastest-levenshtein";
import type { Arrival, Call } from "../core/call.ts";
import { isCanonicalPath } from "../core/canonical.ts";
import { GatewayError } from "../core/errors.ts";
import type { Route } from "../core/route.ts";

type Node = {
  literals: Map<string, Node>;
  param: Node | undefined;
  /** Method → route that ends here. */
  routes: Map<string, Route>;
  /** Method → route whose `*` swallows the rest from here. */
  wildcards: Map<string, Route>;
};

type Found = { routes: Map<string, Route>; values: string[] };

/** Finds the route of an arrival. @throws GatewayError `path_not_canonical`, `route_not_found`, `method_not_allowed` */
export type Match = (arrival: Arrival) => Call;

/** Compiles the routes; two of the same method and shape were refused by the configuration. */
export function compileMatch(routes: Route[]): Match {
  const root = newNode();
  for (const route of routes) insert(root, route);
  return function match(arrival) {
    const url = new URL(arrival.request.url);
    if (!isCanonicalPath(arrival.rawPath) || !isCanonicalPath(url.pathname)) {
      throw new GatewayError("path_not_canonical");
    }
    const segments = url.pathname.slice(1).split("/");
    const candidates = find(root, segments, 0, []);
    const method = arrival.request.method;
    for (const { routes, values } of candidates) {
      const route = forMethod(routes, method);
      if (route) return { ...arrival, url, route, params: nameParams(route, values) };
    }
    throw refusal(method, url.pathname, candidates, routes);
  };
}

function newNode(): Node {
  return { literals: new Map(), param: undefined, routes: new Map(), wildcards: new Map() };
}

function insert(root: Node, route: Route): void {
  let node = root;
  for (const segment of route.pattern.slice(1).split("/")) {
    if (segment === "*") {
      node.wildcards.set(route.method, route);
      return;
    }
    node = segment.startsWith(":") ? paramOf(node) : literalOf(node, decodeURIComponent(segment));
  }
  node.routes.set(route.method, route);
}

function paramOf(node: Node): Node {
  node.param ??= newNode();
  return node.param;
}

function literalOf(node: Node, segment: string): Node {
  const next = node.literals.get(segment) ?? newNode();
  node.literals.set(segment, next);
  return next;
}

/** Every way to read the segments, the most specific first. */
function find(node: Node, segments: string[], at: number, values: string[]): Found[] {
  const found: Found[] = [];
  const segment = segments[at];
  if (segment === undefined) {
    if (node.routes.size > 0) found.push({ routes: node.routes, values });
    return found;
  }
  const literal = node.literals.get(decodeURIComponent(segment));
  if (literal) found.push(...find(literal, segments, at + 1, values));
  if (node.param && segment !== "") {
    found.push(...find(node.param, segments, at + 1, [...values, decodeURIComponent(segment)]));
  }
  if (node.wildcards.size > 0) {
    found.push({ routes: node.wildcards, values: [...values, segments.slice(at).join("/")] });
  }
  return found;
}

function forMethod(routes: Map<string, Route>, method: string): Route | undefined {
  return routes.get(method) ?? (method === "HEAD" ? routes.get("GET") : undefined) ?? routes.get("*");
}

function nameParams(route: Route, values: string[]): Record<string, string> {
  const names = route.pattern.split("/").filter((segment) => segment === "*" || segment.startsWith(":"));
  return Object.fromEntries(names.map((name, i) => [name.replace(/^:/, ""), values[i] ?? ""]));
}

function refusal(method: string, path: string, candidates: Found[], routes: Route[]): GatewayError {
  if (candidates.length > 0) {
    const allowed = new Set(candidates.flatMap(({ routes }) => [...routes.keys()]));
    if (allowed.has("GET")) allowed.add("HEAD");
    return new GatewayError("method_not_allowed", { headers: { allow: [...allowed].join(", ") } });
  }
  const near = nearest(`${method} ${path}`, routes);
  return new GatewayError("route_not_found", near ? { hint: `Did you mean ${near}?` } : {});
}

function nearest(wanted: string, routes: Route[]): string | undefined {
  const target = wanted.slice(0, 200);
  const ranked = routes.map(({ key }) => ({ key, far: distance(target, key) })).sort((a, b) => a.far - b.far);
  const [best] = ranked;
  return best && best.far <= Math.max(3, best.key.length / 3) ? best.key : undefined;
}
