/**
 * The upstream's URL for a call, and the way back for its redirects. Whatever the client sends ends up in a path or a
 * query: the origin is always the configured one (checked, not assumed).
 */
import type { Call } from "../core/call.ts";
import { isCanonicalPath } from "../core/canonical.ts";
import { GatewayError } from "../core/errors.ts";

/**
 * Where the call goes. A route's `path` may use `${params.name}`, `${query.name}` and `*` (the rest a wildcard matched).
 * A template with a query of its own replaces the client's query; any other keeps it.
 */
export function targetUrl(call: Omit<Call, "target">): URL {
  const { base } = call.route.upstream;
  const [template, query] = split(call.route.path);
  const path = template === undefined ? call.url.pathname : fill(template, call, REQUIRED);
  if (!isCanonicalPath(path)) throw new GatewayError("path_not_canonical");
  const target = new URL(base);
  target.pathname = prefixOf(base) + path;
  target.search = query === undefined ? call.url.search : fill(query, call, "");
  if (target.origin !== base.origin) throw new GatewayError("path_not_canonical");
  return target;
}

/** In place of a missing value: makes the path one that is refused, where an empty segment might mean something else. */
const REQUIRED = "//";

/**
 * A redirect of the upstream, seen `at` a URL of its, as the client may see it: one that points into any of its targets
 * becomes a path of this gateway, any other is left alone.
 */
export function clientLocation(location: string, call: Call, at: URL = call.target): string {
  const resolved = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
  const bases = call.route.upstream.targets.map(({ base }) => base);
  const within = ({ pathname }: URL, prefix: string) =>
    pathname === prefix || pathname.startsWith(`${prefix}/`);
  const near = bases.filter(({ host }) => host === resolved?.host);
  const base = near.find((one) => resolved && within(resolved, prefixOf(one))) ?? near[0];
  if (!resolved || !base) return location;
  const prefix = prefixOf(base);
  const path = within(resolved, prefix) ? resolved.pathname.slice(prefix.length) || "/" : resolved.pathname;
  // Two slashes at the start would be another host.
  return outward(path, call).replace(/^\/{2,}/, "/") + resolved.search + resolved.hash;
}

/** Undoes the route's own prefix rewriting (`/files/*` → `/v1/*`); other templates cannot be undone. */
function outward(path: string, call: Call): string {
  const { path: template, pattern } = call.route;
  if (!template?.endsWith("*") || !pattern.endsWith("*") || /\$\{|\?/.test(template)) return path;
  const inner = template.slice(0, -1);
  return path.startsWith(inner) && !pattern.includes(":")
    ? pattern.slice(0, -1) + path.slice(inner.length)
    : path;
}

function fill(template: string, { params, url }: Omit<Call, "target">, missing: string): string {
  return template.replace(/\$\{(params|query)\.([^}]+)\}|\*/g, (reference, from?: string, name = "") => {
    if (reference === "*") return params["*"] ?? "";
    const value = from === "params" ? params[name] : url.searchParams.get(name);
    return value ? encodeURIComponent(value) : missing;
  });
}

function split(template: string | undefined): [path: string | undefined, query: string | undefined] {
  const at = template?.indexOf("?") ?? -1;
  return at < 0 ? [template, undefined] : [template?.slice(0, at), template?.slice(at)];
}

function prefixOf(base: URL): string {
  return base.pathname.replace(/\/$/, "");
}
