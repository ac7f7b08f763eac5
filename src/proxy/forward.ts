/**
 * The way to the upstream: sends the call on, body streaming, and answers as soon as the upstream's headers are there;
 * redirects are not followed.
 *
 * What fails before there are headers may be tried again, at another target where there are several: only methods that are
 * idempotent (RFC 9110, 9.2.2), and only bodies that can be sent again. Money is none of its business: a payment is settled before or
 * after all attempts, and its claim is renewed meanwhile.
 *
 * The upstream's own status goes through. Only when there is none, the gateway answers: 502 or 504.
 */
import type { Answer, Asking } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import { about, type Clock, type Emit } from "../core/events.ts";
import type { Target } from "../core/upstream.ts";
import { answerOf } from "./answer.ts";
import { attempt, type Outcome } from "./attempt.ts";
import type { Health } from "./health.ts";
import { chooseTarget } from "./targets.ts";

/** The upstream would not serve the gateway at all: that is not what the buyer paid for. */
const REFUSED_THE_GATEWAY = new Set([401, 403, 407, 408, 425, 429]);
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
/** Longest wait before the second attempt, ms; it doubles with each further one. The wait itself is random. */
const PAUSE_MS = 100;

/** Sends the call to its upstream. @throws GatewayError `upstream_unreachable`, `upstream_timeout`, and what the body is refused with */
export type Forward = (call: Call, asking?: Asking) => Promise<Answer>;

/** What the room needs of others. */
export type ForwardMeans = {
  /** What a redirect of the upstream, seen at that URL, is called here. */
  clientLocation: (location: string, call: Call, at: URL) => string;
  noteFailure: Health["note"];
  emit: Emit;
  clock: Clock;
};

/** Makes `forward`. */
export function makeForward(means: ForwardMeans): Forward {
  return async function forward(call, asking = {}) {
    const began = means.clock();
    const whole = new AbortController();
    const leave = () => whole.abort("client left");
    if (!asking.detached) {
      // Stays on while the body streams: not every runtime cancels a body when its reader is gone.
      call.request.signal?.addEventListener("abort", leave, { once: true });
      if (call.request.signal?.aborted) leave();
    }
    const outcome = await attempts(call, asking, whole, means);
    if (outcome.kind === "failed") throw outcome.error;
    return answerOf(call, outcome, whole, { ...means, spentMs: means.clock() - began });
  };
}

/** True for an answer that is worth its price: the upstream has neither failed nor turned the gateway away. */
export function isServed({ route }: Call, status: number): boolean {
  return status < route.settleBelow && !REFUSED_THE_GATEWAY.has(status);
}

async function attempts(
  call: Call,
  { headers }: Asking,
  whole: AbortController,
  { noteFailure, emit, clock }: ForwardMeans,
): Promise<Outcome> {
  const { request, route, out } = call;
  const { upstream } = route;
  const deadline = clock() + upstream.waitMs;
  const idempotent = IDEMPOTENT.has(request.method);
  const over = whole.signal;
  const sent = await call.body.forward((refused) => whole.abort(refused));
  // Servers hand out a body that is empty as a stream too.
  const body = idempotent && isEmpty(request) ? null : sent;
  const held = body === null || ArrayBuffer.isView(body);
  const tried = new Set<Target>();
  for (let n = 1; ; n++) {
    const target = chooseTarget(upstream, out, tried, Math.random());
    tried.add(target);
    const waitMs = Math.min(upstream.timeoutMs, Math.max(1, deadline - clock()));
    const outcome = await attempt(call, target, { body, headers, waitMs, over });
    const mishap = mishapOf(outcome);
    if (mishap === undefined || over.aborted) return outcome;
    // While a body streams it may be the client that is slow, or gone: a target is not to be put out by that.
    if (held || outcome.kind === "answered") noteFailure(call, target);
    const pauseMs = Math.random() * PAUSE_MS * 2 ** (n - 1);
    const again = idempotent && held && n < upstream.retries.attempts && upstream.retries.on.includes(mishap);
    if (!again || clock() + pauseMs >= deadline) return outcome;
    const told = { upstream: upstream.name, target: target.base.href, why: mishap, attempt: n };
    emit({ event: "upstream_retried", level: "warn", ...about(call), ...told });
    if (outcome.kind === "answered") outcome.drop();
    await pause(pauseMs, over);
  }
}

function isEmpty({ headers }: Request): boolean {
  return headers.get("content-length") === "0" && !headers.has("transfer-encoding");
}

/** What went wrong, as configurations call it. */
function mishapOf(outcome: Outcome) {
  if (outcome.kind === "failed") return outcome.why;
  const status = String(outcome.response.status);
  return status === "502" || status === "503" || status === "504" ? status : undefined;
}

function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    over.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      over.removeEventListener("abort", done);
      resolve();
    }
  });
}
