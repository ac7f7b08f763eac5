/**
 * Charging a call by what it used. A client authorises the maximum; the meter watches the answer go by and says, once
 * it has ended, what of that is charged. It changes no byte, holds next to nothing, and never throws.
 *
 *   meteringOf  when the charge is known: by the headers, by a whole short body, or at the end of a stream
 *   makeMeter   one for each answer that was served (not for those the gateway does not count as served)
 *   tap         for every chunk that goes to the client
 *   charge      when the body has ended, or the client has left
 *
 * **What is charged** is the sum of what the route counts, rounded up once, at most the maximum. An answer of another
 * status than 2xx that reports no usage is not charged. A 2xx answer whose usage cannot be read, or whose model has no
 * price, is charged what the route says for that (`unreadable`). With a model named by the call and another one by the
 * answer, the dearer of those that have a price counts: the call's is the client's word.
 *
 * **A client that leaves** pays for what went through; nothing, if that is nothing. If the last word on usage was not
 * heard by then, its output is estimated from the text that went through, its UTF-8 bytes by four, rounded up, and is at
 * least what was reported so far; its input is what was reported, else the bytes of the request's body by four, rounded up.
 */
import type { Clock } from "../core/events.ts";
import type { Usage } from "../core/usage.ts";
import { amountOf, once, whole } from "./amount.ts";
import { type AnswerReader, kindOf, LONGEST_JSON, readAnswer } from "./answer.ts";
import { type CallFacts, headerItem, tokenItems } from "./items.ts";

export type { CallFacts };

/** The headers as `proxy/forward.ts` leaves them: without the encodings that were undone. */
export type Answered = Pick<Response, "status" | "headers"> & { body?: Response["body"] };

/** Counts one answer. */
export type Meter = {
  /** Looks at bytes on their way to the client; keeps none of them. */
  tap: (chunk: Uint8Array) => void;
  /** Atomic units for what went through until now, if it ended here. */
  soFar: () => bigint;
  /** Atomic units for what went through; time stands still from the first time this is asked. */
  charge: (how: { complete: boolean }) => bigint;
};

/** Longest body that is worth holding back for a receipt, bytes. */
export const LONGEST_WHOLE = LONGEST_JSON;

/**
 * When the charge for an answer is known: from its `headers` (ask at once, as of a complete answer); from its `whole` body,
 * which is JSON and not known to be longer than `LONGEST_WHOLE`; or at the end of a `stream`.
 */
export function meteringOf(
  { tokens, bytes, seconds }: Usage,
  { status, headers, body }: Answered & Pick<Response, "body">,
): "headers" | "whole" | "stream" {
  if (body === null || !(tokens || ((bytes || seconds) && isSuccess(status)))) return "headers";
  const isShort = Number(headers.get("content-length") ?? 0) <= LONGEST_WHOLE;
  return kindOf(headers) === "json" && isShort ? "whole" : "stream";
}

/** What a request's body tells; nothing of one that is not JSON. */
export function factsOf(body: Uint8Array | undefined): CallFacts {
  const facts = { model: undefined, requestBytes: body?.byteLength ?? 0 };
  try {
    const { model } = JSON.parse(new TextDecoder().decode(body)) as { model?: unknown };
    return { ...facts, model: typeof model === "string" ? model : undefined };
  } catch {
    return facts;
  }
}

/** A meter for an answer; its time begins now, when the upstream's headers are there. */
export function makeMeter(
  usage: Usage,
  facts: CallFacts,
  answered: Answered,
  decimals: number,
  clock: Clock,
): Meter {
  const began = clock();
  const encoded = !/^(?:identity)?$/i.test(answered.headers.get("content-encoding") ?? "");
  const reader = usage.tokens && readAnswer(kindOf(answered.headers));
  let ended: number | undefined;
  let bytes = 0;
  const tap = (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    reader?.tap(chunk);
  };
  const count = (at: number, complete: boolean) => {
    if (!complete && bytes === 0) return 0n;
    const read = reader?.end();
    if (read && encoded) read.reading.broken = true;
    const seconds = Math.ceil(Math.max(0, at - began) / 1000);
    return sumOf({ usage, facts, answered, decimals, read, bytes, seconds, complete });
  };
  const charge: Meter["charge"] = ({ complete }) => {
    ended ??= clock();
    return count(ended, complete);
  };
  return { tap, soFar: () => count(clock(), false), charge };
}

type Counted = {
  usage: Usage;
  facts: CallFacts;
  answered: Answered;
  decimals: number;
  read: ReturnType<AnswerReader["end"]> | undefined;
  bytes: number;
  seconds: number;
  complete: boolean;
};

function sumOf({ usage, facts, answered, decimals, read, bytes, seconds, complete }: Counted): bigint {
  const success = isSuccess(answered.status);
  const header = usage.header && headerItem(usage.header, answered.headers);
  // An answer without a body has no tokens, and nothing that could not be read.
  const tokens =
    usage.tokens && success && answered.body === null
      ? [[]]
      : usage.tokens && read && tokenItems(usage.tokens, facts, read, { complete, success });
  if (!success && !header && !tokens) return 0n;
  if (success && ((usage.header && !header) || (usage.tokens && !tokens))) {
    return amountOf([once(usage.unreadable)], usage.max, decimals);
  }
  const items = header ? [header] : [];
  if (usage.base) items.push(once(usage.base));
  if (usage.bytes) items.push({ count: whole(bytes), rate: usage.bytes });
  if (usage.seconds) items.push({ count: whole(seconds), rate: usage.seconds });
  const sums = (tokens ?? [[]]).map((costs) => amountOf([...items, ...costs], usage.max, decimals));
  return sums.reduce((dearest, sum) => (sum > dearest ? sum : dearest));
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}
