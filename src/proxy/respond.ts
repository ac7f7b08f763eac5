/**
 * The way back: turns an upstream's answer into the client's, body streaming; for a paid call with the receipt when money
 * moved, and with an eye on how it ends.
 */
import type { Answer } from "../core/answer.ts";
import type { Admitted, Call, Claim } from "../core/call.ts";
import { receiptHeaders, SKIPPED } from "../core/receipt.ts";
import { hasLimits } from "./answer.ts";
import { type Watch, watch } from "./deliver.ts";
import { isServed } from "./forward.ts";
import { makePrivate } from "./headers.ts";
import { copyOf } from "./keep.ts";

/** Says that what is charged is not known before the answer has ended. */
const DEFERRED = "x-tollbooth-settlement-deferred";

/** The client's answer, with the headers that belong on it whatever it is. */
export function respond(call: Call, answer: Answer, { access, headers }: Admitted): Response {
  const { status, body } = answer.response;
  const fields = new Headers(answer.response.headers);
  // The upstream's own count is for the meter, also of a call that is not charged.
  const count = call.route.usage?.header;
  if (count) fields.delete(count.name);
  for (const [name, value] of Object.entries(headers)) {
    if (name === "set-cookie") fields.append(name, value);
    else fields.set(name, value);
  }
  // What has a price for others is not for a cache that asks for none.
  if (access.kind !== "free" || call.quoted) makePrivate(fields);
  if (access.kind === "claimed") return respondPaid(call, answer, access.claim, fields);
  if (access.kind === "kept") setAll(fields, receiptHeaders(call.request, access.receipt));
  if (body && (mayUpload(call) || hasLimits(call))) {
    // workerd does not notice that a client has left during its upload, unless somebody waits for the answer's end; nor does
    // it let timers go off once an answer is left to its own pipe.
    const watched = watchBody(call, body, fields);
    call.waitUntil(watched.ending);
    return new Response(watched.body, { status, headers: fields });
  }
  return new Response(body, { status, headers: fields, webSocket: answer.response.webSocket ?? null });
}

function setAll(headers: Headers, fields: Record<string, string>): void {
  for (const [name, value] of Object.entries(fields)) headers.set(name, value);
}

/** The answer to a call with a payment. The claim's last word is written when the body has ended. */
function respondPaid(
  call: Call,
  { response, stop, unsettled, ended, tab }: Answer,
  claim: Claim,
  headers: Headers,
): Response {
  const { status } = response;
  if (claim.receipt) setAll(headers, receiptHeaders(call.request, claim.receipt));
  else if (ended) headers.set(DEFERRED, "charged by usage at the end of the answer");
  else headers.set(SKIPPED, unsettled ?? `upstream answered ${status}`);

  // What was not served is still owed: it can be collected by presenting the payment again.
  const served = claim.receipt !== undefined && isServed(call, status);
  const copy = served ? copyOf(call, response) : undefined;
  const finish = () => (served ? claim.delivered(copy?.taken()) : claim.abandoned());
  if (!response.body) {
    finish();
    return new Response(null, { status, headers, webSocket: response.webSocket ?? null });
  }
  const { body, ending } = watchBody(call, response.body, headers, {
    taster: copy?.take,
    sent: tab?.sent,
    over: tab?.over,
  });
  if (claim.lost.aborted) stop();
  else claim.lost.addEventListener("abort", stop, { once: true });
  const last = { delivered: finish, left: finish, broken: claim.broken, unfinished: claim.abandoned };
  call.waitUntil(ending.then((how) => (ended ? ended(how) : last[how]())));
  return new Response(body, { status, headers });
}

function watchBody(
  call: Call,
  source: ReadableStream<Uint8Array>,
  headers: Headers,
  looking: Pick<Watch, "taster" | "sent" | "over"> = {},
) {
  const length = /^\d+$/.exec(headers.get("content-length") ?? "")?.[0];
  return watch(source, {
    length: length === undefined ? undefined : Number(length),
    left: () => call.request.signal?.aborted === true,
    wasCut: () => call.wasCut?.() === true,
    ...looking,
  });
}

function mayUpload({ request: { method } }: Call): boolean {
  return method !== "GET" && method !== "HEAD";
}
