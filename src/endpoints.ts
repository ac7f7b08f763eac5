/**
 * The gateway's own paths. They sell nothing, are no routes and are asked before these; a configuration in which a route
 * has one of them is refused.
 */
import { DASHBOARD_PATHS, PURGE_PATH, readWish } from "./admin.ts";
import type { Arrival } from "./core/arrival.ts";
import { hasBearer } from "./core/bearer.ts";
import type { Compiled } from "./core/compiled.ts";
import { GatewayError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { StatsStore } from "./core/stores.ts";
import { composeDashboard, composePurge } from "./errands.ts";
import { healthEndpoints } from "./health.ts";
import { EXPOSITION_TYPE, expose } from "./observability/exposition.ts";

/** Answers a request; undefined leaves it to the routes. @throws GatewayError */
export type Endpoint = (request: Request, waitUntil: Arrival["waitUntil"]) => Promise<Response | undefined>;

/** The paths that there are under a configuration, each with what answers there. */
export function makeEndpoints(loaded: Compiled, stats: StatsStore, emit: Emit): Map<string, Endpoint> {
  const { adminToken, observing } = loaded;
  const endpoints = new Map<string, Endpoint>();
  if (loaded.health)
    for (const [path, endpoint] of healthEndpoints(loaded, Date.now)) endpoints.set(path, endpoint);
  if (adminToken) {
    endpoints.set(PURGE_PATH, purging(loaded, adminToken, emit));
    const dashboard = composeDashboard(loaded, adminToken);
    for (const path of DASHBOARD_PATHS) endpoints.set(path, dashboard);
  }
  if (observing.metrics) endpoints.set(observing.metrics.path, reading(observing.metrics.token, stats));
  return endpoints;
}

function purging(loaded: Compiled, token: string, emit: Emit): Endpoint {
  return async (request) => {
    const purged = await composePurge(loaded)(await readWish(request, token));
    emit({ event: "cache_purged", level: "info", ...purged });
    return Response.json(purged);
  };
}

/** The metrics, as all instances have counted them; 503 rather than nothing while the store is away. */
function reading(token: string | undefined, stats: StatsStore): Endpoint {
  return async (request) => {
    if (token !== undefined && !(await hasBearer(request, token))) {
      throw new GatewayError("admin_unauthorized", {
        hint: "Send Authorization: Bearer, with the token of gateway.metrics.",
        headers: { "www-authenticate": "Bearer" },
      });
    }
    const { method } = request;
    if (method !== "GET" && method !== "HEAD") {
      throw new GatewayError("method_not_allowed", { headers: { allow: "GET, HEAD" } });
    }
    const text = expose(await stats.total());
    return new Response(method === "HEAD" ? null : text, {
      headers: { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
    });
  };
}
