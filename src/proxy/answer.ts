/** What the upstream has answered, as an answer of the gateway's: its headers cleaned and changed, its body watched over. */
import type { Answer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import { about } from "../core/events.ts";
import type { Outcome } from "./attempt.ts";
import type { ForwardMeans } from "./forward.ts";
import { changeHeaders, clientHeaders } from "./headers.ts";
import { timed } from "./timed.ts";

/** Fetch API: statuses whose answers have no body. */
const NULL_BODY = new Set([101, 204, 205, 304]);

type Answered = Extract<Outcome, { kind: "answered" }>;
type Means = Pick<ForwardMeans, "clientLocation" | "emit"> & {
  /** How much of the exchange's time is gone, ms. */
  spentMs: number;
};

/** The answer; `whole` ends the exchange. */
export async function answerOf(
  call: Call,
  { response, url }: Answered,
  whole: AbortController,
  { clientLocation, emit, spentMs }: Means,
): Promise<Answer> {
  const { upstream, responseHeaders } = call.route;
  const headers = clientHeaders(response.headers);
  for (const name of ["location", "content-location"]) {
    const location = headers.get(name);
    if (location !== null) headers.set(name, clientLocation(location, call, url));
  }
  changeHeaders(headers, upstream.responseHeaders);
  changeHeaders(headers, responseHeaders);
  const { status, webSocket } = response;
  if (webSocket) return upgraded(headers, webSocket);
  const stop = () => whole.abort("stopped");
  if (NULL_BODY.has(status) || call.request.method === "HEAD") {
    await response.body?.cancel().catch(() => undefined);
    return { response: new Response(null, { status, headers }), stop, held: response };
  }
  const { idleMs, totalMs } = upstream;
  const leftMs = totalMs === undefined ? undefined : totalMs - spentMs;
  const cut = (why: "idle" | "total") => {
    emit({ event: "upstream_cut", level: "warn", ...about(call), upstream: upstream.name, why });
    whole.abort(why);
  };
  const limits = { idleMs, leftMs, over: whole.signal };
  const body = response.body && hasLimits(call) ? timed(response.body, limits, cut) : response.body;
  return { response: new Response(body, { status, headers }), stop, held: response };
}

/** True where an answer's body has an end in time, so that somebody has to watch it. */
export function hasLimits({ route: { upstream } }: Call): boolean {
  return upstream.idleMs !== undefined || upstream.totalMs !== undefined;
}

/** An upstream that has become a WebSocket. The runtime joins it to the client's, and JavaScript sees no message. */
function upgraded(headers: Headers, webSocket: WebSocket): Answer {
  const response = new Response(null, { status: 101, webSocket, headers });
  const stop = () => {
    webSocket.accept();
    webSocket.close(1001, "the call was not paid");
  };
  return { response, stop };
}
