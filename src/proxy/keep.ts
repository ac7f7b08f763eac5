/**
 * Answers that are kept, so that a lost answer is not a lost payment: copied while they stream to the client, up to a
 * size; one that is longer, or that broke off, is not kept at all. What was produced while it is in doubt whether it is
 * paid is kept the same way, and handed out once the doubt is over.
 */
import type { Answer, KeptAnswer } from "../core/answer.ts";
import { fromBase64, toBase64 } from "../core/bytes.ts";
import type { Call, Claim } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";

/** Says of an answer that it was handed out before (as Stripe and others name it). */
const REPLAYED = "idempotent-replayed";
/** Nobody waits for an answer that is withheld: longest time to read it, ms. */
const WITHHELD_MS = 8000;
/** Answers to one way of asking (an upgrade, a range, a condition), which is no part of what a payment is bound to. */
const NOT_KEPT = new Set([101, 206, 304, 412, 416]);

/** A copy in the making. */
export type Copy = {
  /** Takes the next bytes, `undefined` at their end; false when it wants no more of them. */
  take: (chunk: Uint8Array | undefined) => boolean;
  /** The answer, if all of it was taken and it is not too long. */
  taken: () => KeptAnswer | undefined;
};

/** Copies an answer, if its route keeps answers. */
export function copyOf({ route }: Call, response: Response): Copy | undefined {
  const { status, headers, body } = response;
  if (route.keepAnswerMs === 0 || NOT_KEPT.has(status)) return undefined;
  let chunks: Uint8Array[] | undefined = [];
  let left = route.keepAnswerBytes;
  let complete = body === null;
  const take = (chunk: Uint8Array | undefined) => {
    if (!chunk) complete = true;
    else if (chunk.byteLength > left) chunks = undefined;
    else {
      left -= chunk.byteLength;
      // The bytes are the client's from here on.
      chunks?.push(chunk.slice());
    }
    return chunks !== undefined;
  };
  const taken = (): KeptAnswer | undefined =>
    complete && chunks ? { status, headers: [...headers], body: toBase64(chunks) } : undefined;
  return { take, taken };
}

/** A kept answer, to be handed out again. */
export function replay({ status, headers, body }: KeptAnswer): Answer {
  const fields = new Headers(headers);
  fields.set(REPLAYED, "true");
  const bytes = fromBase64(body);
  const response = new Response(bytes.byteLength === 0 ? null : bytes, { status, headers: fields });
  return { response, stop: () => undefined };
}

/**
 * What becomes of an answer whose settlement did not succeed: kept for later if it may have been paid after all and its
 * route keeps answers, else dropped unread.
 */
export function withhold(call: Call, { response, stop }: Answer, claim: Claim, reason: unknown): void {
  const inDoubt = reason instanceof GatewayError && reason.code === "payment_outcome_unknown";
  const copy = inDoubt ? copyOf(call, response) : undefined;
  if (!copy) {
    stop();
    return;
  }
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      if (!copy.take(chunk)) throw new Error("too long to be kept");
    },
    close: () => void copy.take(undefined),
  });
  const deadline = setTimeout(stop, Math.min(call.route.upstream.timeoutMs, WITHHELD_MS));
  const reading = response.body?.pipeTo(sink) ?? Promise.resolve();
  const kept = reading
    .finally(() => clearTimeout(deadline))
    .then(
      () => {
        const answer = copy.taken();
        if (answer) claim.keep(answer);
      },
      () => stop(),
    );
  call.waitUntil(kept);
}
