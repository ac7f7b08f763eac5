/**
 * The way to the upstream and back. `forward` sends the call on, body streaming, and answers as soon as the upstream's
 * headers are there; redirects are not followed. `respond` turns that into the client's answer, body streaming: for a
 * paid call with the receipt when money moved, and with an eye on how it ends.
 *
 * The upstream's own status goes through. Only when there is none, the gateway answers: 502 or 504.
 */
import type { Admitted, Answer, Call, Claim } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { encodeHeader, HEADERS } from "../core/x402.ts";
import { watch } from "./deliver.ts";
import { clientHeaders, makePrivate, upstreamHeaders } from "./headers.ts";
import { copyOf } from "./keep.ts";

/** Fetch API: statuses whose answers have no body. */
const NULL_BODY = new Set([101, 204, 205, 304]);
/** The upstream would not serve the gateway at all: that is not what the buyer paid for. */
const REFUSED_THE_GATEWAY = new Set([401, 403, 407, 408, 425, 429]);

/** Sends the call to its upstream. @throws GatewayError `upstream_unreachable`, `upstream_timeout` */
export type Forward = (call: Call) => Promise<Answer>;

/** Makes `forward`; `clientLocation` says what a redirect of the upstream is called here. */
export function makeForward(clientLocation: (location: string, call: Call) => string): Forward {
  return async function forward(call) {
    const { response, stop } = await send(call);
    const { status } = response;
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

/** True for an answer that is worth its price: the upstream has neither failed nor turned the gateway away. */
export function isServed(status: number): boolean {
  return status < 500 && !REFUSED_THE_GATEWAY.has(status);
}

async function send(call: Call): Promise<Answer> {
  const { request, route, target } = call;
  const abort = new AbortController();
  const leave = () => abort.abort("client left");
  const timer = setTimeout(() => abort.abort("timeout"), route.upstream.timeoutMs);
  // Stays on while the body streams: not every runtime cancels a body when its reader is gone.
  request.signal?.addEventListener("abort", leave, { once: true });
  if (request.signal?.aborted) leave();
  const body = request.method === "GET" || request.method === "HEAD" ? null : request.body;
  try {
    const response = await fetch(target, {
      method: request.method,
      headers: upstreamHeaders(call),
      body,
      redirect: "manual",
      signal: abort.signal,
      // Node's fetch insists on being told that a streaming body is not awaited.
      ...(body ? { duplex: "half" } : {}),
    });
    return { response, stop: () => abort.abort("stopped") };
  } catch (cause) {
    const code = abort.signal.reason === "timeout" ? "upstream_timeout" : "upstream_unreachable";
    throw new GatewayError(code, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The client's answer, with the headers that belong on it whatever it is. */
export function respond(call: Call, answer: Answer, { access, headers }: Admitted): Response {
  const { status, body } = answer.response;
  const fields = new Headers(answer.response.headers);
  for (const [name, value] of Object.entries(headers)) {
    if (name === "set-cookie") fields.append(name, value);
    else fields.set(name, value);
  }
  if (access.kind !== "free") makePrivate(fields);
  if (access.kind === "claimed") return respondPaid(call, answer, access.claim, fields);
  if (access.kind === "kept") fields.set(HEADERS.response, encodeHeader(access.receipt));
  return new Response(body, { status, headers: fields });
}

/** The answer to a call with a payment. The claim's last word is written when the body has ended. */
function respondPaid(
  call: Call,
  { response, stop, unsettled }: Answer,
  claim: Claim,
  headers: Headers,
): Response {
  const { status } = response;
  if (claim.receipt) headers.set(HEADERS.response, encodeHeader(claim.receipt));
  else headers.set("x-tollbooth-settlement-skipped", unsettled ?? `upstream answered ${status}`);

  // What was not served is still owed: it can be collected by presenting the payment again.
  const served = claim.receipt !== undefined && isServed(status);
  const copy = served ? copyOf(call, response) : undefined;
  const finish = () => (served ? claim.delivered(copy?.taken()) : claim.abandoned());
  if (!response.body) {
    finish();
    return new Response(null, { status, headers });
  }
  const length = /^\d+$/.exec(headers.get("content-length") ?? "")?.[0];
  const causes = {
    left: () => call.request.signal?.aborted === true,
    wasCut: () => call.wasCut?.() === true,
  };
  const source = copy ? response.body.pipeThrough(copy.through) : response.body;
  const { body, ending } = watch(source, length === undefined ? undefined : Number(length), causes);
  if (claim.lost.aborted) stop();
  else claim.lost.addEventListener("abort", stop, { once: true });
  const last = { delivered: finish, broken: claim.broken, unfinished: claim.abandoned };
  call.waitUntil(ending.then((how) => last[how]()));
  return new Response(body, { status, headers });
}
