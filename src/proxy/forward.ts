/**
 * The way to the upstream: sends the call on, body streaming, and answers as soon as the upstream's headers are there;
 * redirects are not followed.
 *
 * The upstream's own status goes through. Only when there is none, the gateway answers: 502 or 504.
 */
import type { Answer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { clientHeaders, upstreamHeaders } from "./headers.ts";

/** Fetch API: statuses whose answers have no body. */
const NULL_BODY = new Set([101, 204, 205, 304]);
/** The upstream would not serve the gateway at all: that is not what the buyer paid for. */
const REFUSED_THE_GATEWAY = new Set([401, 403, 407, 408, 425, 429]);

/** Sends the call to its upstream. @throws GatewayError `upstream_unreachable`, `upstream_timeout`, and what the body is refused with */
export type Forward = (call: Call) => Promise<Answer>;

/** Makes `forward`; `clientLocation` says what a redirect of the upstream is called here. */
export function makeForward(clientLocation: (location: string, call: Call) => string): Forward {
  return async function forward(call) {
    const { response, stop } = await send(call);
    const { status, webSocket } = response;
    if (webSocket) return upgraded(response.headers, webSocket);
    if (status < 200 || status > 599) {
      stop();
      throw new GatewayError("upstream_unreachable", { cause: `the upstream answered ${status}` });
    }
    const headers = clientHeaders(response.headers);
    for (const name of ["location", "content-location"]) {
      const location = headers.get(name);
      if (location !== null) headers.set(name, clientLocation(location, call));
    }
    const empty = NULL_BODY.has(status) || call.request.method === "HEAD";
    if (empty) await response.body?.cancel().catch(() => undefined);
    return {
      response: new Response(empty ? null : response.body, { status, headers }),
      stop,
      held: response,
    };
  };
}

/** An upstream that has become a WebSocket. The runtime joins it to the client's, and JavaScript sees no message. */
function upgraded(upstream: Headers, webSocket: WebSocket): Answer {
  const response = new Response(null, { status: 101, webSocket, headers: clientHeaders(upstream) });
  const stop = () => {
    webSocket.accept();
    webSocket.close(1001, "the call was not paid");
  };
  return { response, stop };
}

/** True for an answer that is worth its price: the upstream has neither failed nor turned the gateway away. */
export function isServed({ route }: Call, status: number): boolean {
  return status < route.settleBelow && !REFUSED_THE_GATEWAY.has(status);
}

async function send(call: Call): Promise<Answer> {
  const { request, route, target } = call;
  const abort = new AbortController();
  const body = await call.body.forward((refused) => abort.abort(refused));
  const leave = () => abort.abort("client left");
  const timer = setTimeout(() => abort.abort("timeout"), route.upstream.timeoutMs);
  // Stays on while the body streams: not every runtime cancels a body when its reader is gone.
  request.signal?.addEventListener("abort", leave, { once: true });
  if (request.signal?.aborted) leave();
  const headers = upstreamHeaders(call);
  // Of what does not stream, `fetch` knows the length itself, and does not want to be told.
  if (body === null || ArrayBuffer.isView(body)) headers.delete("content-length");
  try {
    const init = { method: request.method, headers, signal: abort.signal };
    const response = await (body instanceof ReadableStream && call.upload
      ? call.upload(target, { ...init, body })
      : // A runtime that knows `duplex` insists on being told that a streaming body is not awaited.
        fetch(target, { ...init, body, redirect: "manual", ...(body ? { duplex: "half" } : {}) }));
    return { response, stop: () => abort.abort("stopped") };
  } catch (cause) {
    const { reason } = abort.signal;
    if (reason instanceof GatewayError) throw reason;
    const code = reason === "timeout" ? "upstream_timeout" : "upstream_unreachable";
    throw new GatewayError(code, { cause });
  } finally {
    clearTimeout(timer);
  }
}
