/**
 * The way to the upstream and back. `forward` sends the call on, body streaming, and answers as soon as the upstream's
 * headers are there; redirects are not followed. `respond` turns that into the client's answer, body streaming: with
 * the receipt when money moved, and with an eye on how it ends, because that decides whether the payment has bought
 * its answer.
 *
 * The upstream's own status goes through. Only when there is none, the gateway answers: 502 or 504.
 */
import type { Call, Claim } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { encodeHeader, HEADERS } from "../core/x402.ts";
import { watch } from "./deliver.ts";
import { clientHeaders, makePrivate, upstreamHeaders } from "./headers.ts";

/** Fetch API: statuses whose answers have no body. */
const NULL_BODY = new Set([101, 204, 205, 304]);

/** Where a call goes and what a redirect of the upstream becomes; the routing room's, handed in. */
export type Addressing = {
  targetUrl: (call: Call) => URL;
  clientLocation: (location: string, target: URL, call: Call) => string;
};

/** Sends the call to its upstream. @throws GatewayError `upstream_unreachable`, `upstream_timeout` */
export type Forward = (call: Call) => Promise<Response>;

/** Makes `forward`. */
export function makeForward({ targetUrl, clientLocation }: Addressing): Forward {
  return async function forward(call) {
    const target = targetUrl(call);
    const response = await send(call, target);
    const headers = clientHeaders(response.headers);
    const location = headers.get("location");
    if (location !== null) headers.set("location", clientLocation(location, target, call));
    const empty = NULL_BODY.has(response.status) || call.request.method === "HEAD";
    if (empty) await response.body?.cancel();
    return new Response(empty ? null : response.body, { status: response.status, headers });
  };
}

async function send(call: Call, target: URL): Promise<Response> {
  const { request, route } = call;
  const abort = new AbortController();
  const leave = () => abort.abort("client left");
  const timer = setTimeout(() => abort.abort("timeout"), route.upstream.timeoutMs);
  request.signal?.addEventListener("abort", leave, { once: true });
  if (request.signal?.aborted) leave();
  try {
    return await fetch(target, {
      method: request.method,
      headers: upstreamHeaders(call),
      body: request.body,
      redirect: "manual",
      signal: abort.signal,
      // Node's fetch insists on being told that a streaming body is not awaited.
      ...(request.body ? { duplex: "half" } : {}),
    });
  } catch (cause) {
    const code = abort.signal.reason === "timeout" ? "upstream_timeout" : "upstream_unreachable";
    throw new GatewayError(code, { cause });
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", leave);
  }
}

/** The client's answer to a paid call. The claim's last word is written when the body has ended. */
export function respondPaid(call: Call, answer: Response, claim: Claim): Response {
  const { receipt } = claim;
  const headers = new Headers(answer.headers);
  makePrivate(headers);
  if (receipt) headers.set(HEADERS.response, encodeHeader(receipt));
  else headers.set("x-tollbooth-settlement-skipped", `upstream answered ${answer.status}`);

  // An upstream that failed has delivered nothing: what was paid for can be collected by presenting the payment again.
  const finish = receipt && answer.status < 500 ? claim.delivered : claim.abandoned;
  if (!answer.body) {
    finish();
    return new Response(null, { status: answer.status, headers });
  }
  const length = headers.get("content-length");
  const { body, ending } = watch(answer.body, length === null ? undefined : Number(length));
  const renewal = setInterval(claim.renewed, claim.leaseMs / 3);
  const closing = ending.then((how) => {
    clearInterval(renewal);
    if (how === "delivered") finish();
    else claim.abandoned();
  });
  call.waitUntil(closing);
  return new Response(body, { status: answer.status, headers });
}
