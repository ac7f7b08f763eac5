/** `/health` and `/ready`: whether the process is alive, and whether it can sell. */
import { hasBearer } from "./core/bearer.ts";
import type { Clock } from "./core/events.ts";
import type { Compiled } from "./core/route.ts";
import { facilitatorProbes } from "./facilitator/listed.ts";
import { describeReadiness, makeReady, type Ready } from "./health/ready.ts";
import { upstreamProbe } from "./proxy/reach.ts";
import { storeProbes } from "./stores/heartbeat.ts";

/** Alive: for whoever restarts what does not answer. Asks nobody. */
export const HEALTH_PATH = "/health";
/** Ready: for whoever sends it calls. */
export const READY_PATH = "/ready";

/** Wires it; asks nobody yet. */
export function composeReady({ routes, stores, facilitator }: Compiled, clock: Clock): Ready {
  const upstreams = [...new Map(routes.map(({ upstream }) => [upstream.name, upstream])).values()];
  const { probes, watched } = storeProbes(stores, upstreams);
  const unwatched = upstreams.filter((upstream) => !watched.includes(upstream));
  return makeReady(
    [...probes, ...facilitatorProbes(routes, facilitator), ...unwatched.map(upstreamProbe)],
    clock,
  );
}

/** The answer to `GET /ready`; whoever has the operators' token sees names and reasons. */
export async function answerReady(
  request: Request,
  ready: Ready,
  token: string | undefined,
): Promise<Response> {
  const inFull = token !== undefined && (await hasBearer(request, token));
  const { status, body } = describeReadiness(await ready(), inFull);
  const wait = status === 503 ? { "retry-after": "2" } : {};
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...wait } });
}
