/** The routing side of the configuration: upstreams, routes, their paths and templates. */
import { isCanonicalPath } from "../core/canonical.ts";
import type { Offer, Route, Upstream } from "../core/route.ts";
import { checkArrivals } from "./arrival.ts";
import { isUnset } from "./env.ts";
import { type Fault, suggest } from "./faults.ts";
import { checkHooks } from "./hooks.ts";
import { checkRateLimits } from "./limits.ts";
import { checkBodyLimit, checkPricing, checkReceivers } from "./prices.ts";
import { checkFreeRoute, checkRecords } from "./records.ts";
import type { RawConfig } from "./schema.ts";
import { checkCredits, checkGroups, checkSession } from "./sessions.ts";
import { checkTiming } from "./timing.ts";

const ROUTE_KEY = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS|\*) (\/\S*)$/;
/** The routes, each with what can be paid for it. */
export async function checkRoutes(
  raw: RawConfig,
  upstreams: Map<string, Upstream>,
  offers: Offer[],
  faults: Fault[],
): Promise<Route[]> {
  const routes: Route[] = [];
  const shapes = new Map<string, string>();
  for (const [key, route] of Object.entries(raw.routes)) {
    const path = `routes.${key}`;
    const parsed = checkKey(key, path, faults);
    const upstream = upstreams.get(route.upstream);
    if (!isUnset(route.upstream) && !Object.hasOwn(raw.upstreams, route.upstream)) {
      const fix = suggest(route.upstream, Object.keys(raw.upstreams));
      faults.push({ path: `${path}.upstream`, message: `unknown upstream "${route.upstream}"`, fix });
    }
    const receivers = checkReceivers(route, path, offers, faults);
    const priced = checkPricing(key, route, receivers, raw, faults);
    if (!parsed) continue;
    const { method, pattern } = parsed;
    checkTemplate(route.path, pattern, `${path}.path`, faults);
    const isFree = priced !== undefined && priced.price === undefined;
    const limits = checkRateLimits(route, path, isFree, raw, faults);
    if (isFree) checkFreeRoute(key, raw, faults);
    const session = await checkSession(key, route, raw, faults);
    const credits = await checkCredits(key, route, raw, faults);
    const hooks = checkHooks(route, path, raw, faults);
    if (priced) checkBodyLimit(route, priced, hooks, path, faults);
    const shape = `${method} ${shapeOf(pattern)}`;
    const twin = shapes.get(shape);
    if (twin) faults.push({ path, message: `matches the same calls as "${twin}"`, fix: "keep one of them" });
    shapes.set(shape, key);
    if (!upstream || !priced) continue;
    const settlement = priced.usage
      ? "after-response"
      : (route.settlement ?? raw.defaults?.settlement ?? "before-response");
    const timing = checkTiming(
      route.timeout ?? raw.defaults?.timeout,
      settlement,
      {
        servingMs: upstream.timeoutMs + (hooks?.onResponse ? hooks.timeoutMs : 0),
        streams: priced.usage !== undefined,
      },
      `${path}.timeout`,
      faults,
    );
    routes.push({
      key,
      method,
      pattern,
      upstream,
      path: route.path,
      ...priced,
      offers: receivers,
      settlement,
      settleBelow: route.settleBelow ?? raw.defaults?.settleBelow ?? 500,
      ...timing,
      ...checkArrivals(key, raw, faults),
      ...checkRecords(key, raw, faults),
      // What is charged by usage is not kept, whatever the defaults are.
      ...(priced.usage ? { keepAnswerMs: 0 } : {}),
      session,
      credits,
      hooks,
      limits,
      onStoreError: route.onStoreError ?? raw.defaults?.onStoreError ?? "deny",
    });
  }
  checkGroups(routes, faults);
  return routes;
}

/** Literals as they are matched, parameters by their place. */
function shapeOf(pattern: string): string {
  return pattern
    .split("/")
    .map((segment) => (segment.startsWith(":") ? ":" : decodeURIComponent(segment)))
    .join("/");
}

function checkKey(
  key: string,
  path: string,
  faults: Fault[],
): { method: string; pattern: string } | undefined {
  const [, method, pattern] = ROUTE_KEY.exec(key) ?? [];
  if (method === undefined || pattern === undefined) {
    faults.push({ path, message: "is not a method and a path", fix: 'write it like "GET /weather/:city"' });
    return undefined;
  }
  const segments = pattern.slice(1).split("/");
  const params = segments.filter((segment) => segment.startsWith(":"));
  const problem =
    (!isCanonicalPath(pattern) &&
      "the path is not canonical: no //, dot segments, ';' or needless escapes") ||
    (segments.slice(0, -1).includes("*") && "* can only be the last segment") ||
    (segments.some((segment) => segment !== "*" && segment.includes("*")) &&
      "* must be a segment of its own") ||
    (params.some((param) => !/^:[A-Za-z_]\w*$/.test(param)) && "a parameter is a colon and a name") ||
    (new Set(params).size < params.length && "two parameters have the same name");
  if (problem) faults.push({ path, message: problem });
  return problem ? undefined : { method, pattern };
}

function checkTemplate(template: string | undefined, pattern: string, path: string, faults: Fault[]): void {
  if (template === undefined || isUnset(template)) return;
  const [example = ""] = template.replace(/\$\{[^}]*\}|\*/g, "x").split("?");
  if (!isCanonicalPath(example)) {
    faults.push({
      path,
      message: "must start with / and be canonical: no //, dot segments, ';' or needless escapes",
    });
  }
  const params = pattern.split("/").flatMap((segment) => (segment.startsWith(":") ? [segment.slice(1)] : []));
  for (const [, kind, name = ""] of template.matchAll(/\$\{([^.}]*)\.?([^}]*)\}/g)) {
    if (kind !== "params" && kind !== "query") {
      const fix = "use ${params.name} or ${query.name}";
      faults.push({ path, message: `unknown reference "${kind}"`, fix });
    } else if (kind === "params" && !params.includes(name)) {
      faults.push({ path, message: `the route has no parameter "${name}"`, fix: suggest(name, params) });
    }
  }
  if (/\?.*\*/.test(template)) {
    faults.push({
      path,
      message: "has a * in its query",
      fix: "use * in the path, ${query.name} in the query",
    });
  }
  if (template.includes("*") && !pattern.endsWith("*")) {
    faults.push({ path, message: "has a * but the route has none", fix: 'end the route\'s path with "/*"' });
  }
}
