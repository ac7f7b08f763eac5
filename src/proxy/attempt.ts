/** One attempt to get an answer from one target. */
import type { Asking } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { Mishap, Target } from "../core/upstream.ts";
import { upstreamHeaders } from "./headers.ts";
import { urlAt } from "./targets.ts";

/** What is sent, and how long it may take until there are headers, ms. */
export type Sending = {
  body: BodyInit | null;
  headers: Asking["headers"];
  waitMs: number;
  /** Ends it, and the answer too. */
  over: AbortSignal;
};

/** How it went; `drop` closes an answer that is not handed on. */
export type Outcome =
  | { kind: "answered"; response: Response; url: URL; drop: () => void }
  | { kind: "failed"; why: Extract<Mishap, "connect" | "timeout">; error: GatewayError };

/** Asks once; never throws. */
export async function attempt(call: Call, target: Target, sending: Sending): Promise<Outcome> {
  const { over, waitMs } = sending;
  const abort = new AbortController();
  const end = () => abort.abort(over.reason);
  over.addEventListener("abort", end, { once: true });
  if (over.aborted) end();
  const timer = setTimeout(() => abort.abort("timeout"), waitMs);
  const url = urlAt(target, call);
  try {
    const response = await send(call, target, url, sending, abort.signal);
    const { status, webSocket } = response;
    const drop = () => {
      abort.abort("dropped");
      over.removeEventListener("abort", end);
    };
    if (webSocket || (status >= 200 && status <= 599)) return { kind: "answered", response, url, drop };
    drop();
    return failed("connect", `the upstream answered ${status}`);
  } catch (cause) {
    over.removeEventListener("abort", end);
    const { reason } = abort.signal;
    // What the client has sent is at fault, not the upstream.
    if (reason instanceof GatewayError) return { kind: "failed", why: "connect", error: reason };
    return failed(reason === "timeout" ? "timeout" : "connect", cause);
  } finally {
    clearTimeout(timer);
  }
}

function failed(why: "connect" | "timeout", cause: unknown): Outcome {
  const code = why === "timeout" ? "upstream_timeout" : "upstream_unreachable";
  return { kind: "failed", why, error: new GatewayError(code, { cause }) };
}

function send(
  call: Call,
  target: Target,
  url: URL,
  { body, headers: wanted }: Sending,
  signal: AbortSignal,
): Promise<Response> {
  const headers = upstreamHeaders(call, target, wanted);
  // Of what does not stream, `fetch` knows the length itself, and does not want to be told.
  if (body === null || ArrayBuffer.isView(body)) headers.delete("content-length");
  const init = { method: call.request.method, headers, signal };
  if (body instanceof ReadableStream && call.upload && !target.service) {
    return call.upload(url, { ...init, body });
  }
  // A runtime that knows `duplex` insists on being told that a streaming body is not awaited.
  const whole = { ...init, body, redirect: "manual" as const, ...(body ? { duplex: "half" } : {}) };
  return target.service ? target.service.fetch(url, whole) : fetch(url, whole);
}
