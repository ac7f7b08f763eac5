/** `/health` and `/ready`: whether the process is alive, and whether it can sell. */
import type { Arrival } from "./core/arrival.ts";
import { hasBearer } from "./core/bearer.ts";
import type { Compiled } from "./core/compiled.ts";
import type { Clock } from "./core/events.ts";
import { facilitatorProbes } from "./facilitator/listed.ts";
import { describeReadiness, makeReady, type Ready } from "./health/ready.ts";
import { upstreamProbe } from "./proxy/reach.ts";
import { storeProbes } from "./stores/heartbeat.ts";

/** Alive: for whoever starts anew what does not answer. Asks nobody. */
const HEALTH_PATH = "/health";
/** Ready: for whoever sends it calls. */
const READY_PATH = "/ready";

type WaitUntil = Arrival["waitUntil"];

const FRESH = { "cache-control": "no-store" };

/** The answer to `GET /health`; other methods are the routes'. */
function alive({ method }: Request): Response | undefined {
  if (method === "HEAD") return new Response(null, { headers: FRESH });
  return method === "GET" ? Response.json({ status: "ok" }, { headers: FRESH }) : undefined;
}

/** Alive it is also with a configuration that cannot be served: starting it anew would not mend that. */
export function aliveWhatever(request: Request): Response | undefined {
  return new URL(request.url).pathname === HEALTH_PATH ? alive(request) : undefined;
}

/** Both paths, with what answers there. Asks nobody yet. */
export function healthEndpoints(
  { routes, stores, facilitator, adminToken }: Compiled,
  clock: Clock,
): [path: string, (request: Request, waitUntil: WaitUntil) => Promise<Response | undefined>][] {
  const upstreams = [...new Map(routes.map(({ upstream }) => [upstream.name, upstream])).values()];
  const { probes, watched } = storeProbes(stores, upstreams);
  const unwatched = upstreams.filter((upstream) => !watched.includes(upstream));
  const ready = makeReady(
    [...probes, ...facilitatorProbes({ routes, facilitator }), ...unwatched.map(upstreamProbe)],
    clock,
  );
  return [
    [HEALTH_PATH, async (request) => alive(request)],
    [READY_PATH, (request, waitUntil) => answerReady(request, () => ready(waitUntil), adminToken)],
  ];
}

/** The answer to `GET /ready`; whoever has the operators' token sees names and reasons. */
async function answerReady(
  request: Request,
  ready: () => ReturnType<Ready>,
  token: string | undefined,
): Promise<Response | undefined> {
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") return undefined;
  const inFull = token !== undefined && (await hasBearer(request, token));
  const { status, body } = describeReadiness(await ready(), inFull);
  const headers = { ...FRESH, ...(status === 503 ? { "retry-after": "2" } : {}) };
  return method === "HEAD"
    ? new Response(null, { status, headers })
    : Response.json(body, { status, headers });
}
