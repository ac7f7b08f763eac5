/** The routing side of the configuration: upstreams, routes, their paths and templates. */
import type { Operation } from "../core/openapi.ts";
import type { Offer, Route } from "../core/route.ts";
import type { HeaderChange, Upstream } from "../core/upstream.ts";
import { checkArrivals } from "./arrival.ts";
import { checkCache } from "./cache.ts";
import { isUnset } from "./env.ts";
import { type Fault, suggest } from "./faults.ts";
import { checkHeaderChange } from "./header-rules.ts";
import { checkHooks } from "./hooks.ts";
import { checkRateLimits } from "./limits.ts";
import { checkMaintenance } from "./maintenance.ts";
import { checkMetadata } from "./metadata.ts";
import { checkKey, checkTemplate, shapeOf } from "./paths.ts";
import { checkBodyLimit, checkPricing, checkReceivers } from "./prices.ts";
import { checkFreeRoute, checkRecords } from "./records.ts";
import type { RawConfig } from "./schema.ts";
import { checkCredits, checkGroups, checkSession } from "./sessions.ts";
import { checkTiming } from "./timing.ts";

/** The routes, each with what can be paid for it. */
export async function checkRoutes(
  raw: RawConfig,
  upstreams: Map<string, Upstream>,
  offers: Offer[],
  operations: ReadonlyMap<string, Operation>,
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
    const changes = checkRouteHeaders(route, path, faults);
    const maintenance = checkMaintenance(route.maintenance, raw.maintenance, path, faults);
    const isFree = priced !== undefined && priced.price === undefined;
    const limits = checkRateLimits(route, path, isFree, raw, faults);
    if (isFree) checkFreeRoute(key, raw, faults);
    const session = await checkSession(key, route, raw, faults);
    const credits = await checkCredits(key, route, raw, faults);
    const settlement = priced?.usage
      ? "after-response"
      : (route.settlement ?? raw.defaults?.settlement ?? "before-response");
    const cache = checkCache({ key, ...priced, isFree, offers: receivers, settlement }, raw, faults);
    const hooks = checkHooks(route, path, raw, faults);
    if (priced) checkBodyLimit(route, priced, hooks, path, faults);
    const shape = `${method} ${shapeOf(pattern)}`;
    const twin = shapes.get(shape);
    if (twin) faults.push({ path, message: `matches the same calls as "${twin}"`, fix: "keep one of them" });
    shapes.set(shape, key);
    if (!upstream || !priced) continue;
    checkCounted(priced.usage, changes.responseHeaders, `${path}.responseHeaders`, faults);
    checkCounted(
      priced.usage,
      upstream.responseHeaders,
      `upstreams.${upstream.name}.responseHeaders`,
      faults,
    );
    const timing = checkTiming(
      route.timeout ?? raw.defaults?.timeout,
      settlement,
      {
        servingMs: (cache?.waitMs ?? 0) + upstream.waitMs + (hooks?.onResponse ? hooks.timeoutMs : 0),
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
      ...changes,
      maintenance,
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
      cache,
      limits,
      onStoreError: route.onStoreError ?? raw.defaults?.onStoreError ?? "deny",
      ...checkMetadata(key, raw, faults),
      operation: operations.get(key),
    });
  }
  checkGroups(routes, faults);
  return routes;
}

/** What a route changes in the headers of requests and of answers. */
function checkRouteHeaders(
  { requestHeaders, responseHeaders }: RawConfig["routes"][string],
  path: string,
  faults: Fault[],
): Pick<Route, "requestHeaders" | "responseHeaders"> {
  return {
    requestHeaders: checkHeaderChange(requestHeaders, "request", `${path}.requestHeaders`, faults),
    responseHeaders: checkHeaderChange(responseHeaders, "response", `${path}.responseHeaders`, faults),
  };
}

/** What the upstream says of its use is what is charged: it must arrive as it was said. */
function checkCounted(
  usage: Route["usage"],
  { set, remove }: HeaderChange,
  path: string,
  faults: Fault[],
): void {
  const name = usage?.header?.name.toLowerCase();
  if (name === undefined || !(Object.hasOwn(set, name) || remove.includes(name))) return;
  faults.push({ path, message: `"${name}" is what calls are charged by`, fix: "leave it out" });
}
