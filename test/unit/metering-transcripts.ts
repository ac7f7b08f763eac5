/** Answers of language models as their public API references show them, each with what it reports. */
import type { TokenRates, Usage } from "../../src/core/usage.ts";
import { type CallFacts, makeMeter } from "../../src/metering/meter.ts";

const dollars = (digits: bigint) => ({ digits, scale: 0 });

/** One dollar for one token of each kind, each kind in digits of its own: the amount reads like the counts. */
export const LEGIBLE: TokenRates = {
  input: dollars(1n),
  output: dollars(10_000n),
  cacheRead: dollars(100_000_000n),
  cacheWrite: dollars(1_000_000_000_000n),
  per: 1n,
};

/** The tokens that an amount at legible rates is made of; `unreadable` for the charge of `METERED.unreadable`. */
export function legible(amount: bigint) {
  if (amount === 999n * 10n ** 18n) return "unreadable";
  const kind = (power: bigint) => Number((amount / 10_000n ** power) % 10_000n);
  return { input: kind(0n), output: kind(1n), cacheRead: kind(2n), cacheWrite: kind(3n) };
}

/** Tokens at legible rates and nothing else. */
export const METERED: Usage = {
  max: dollars(10n ** 24n),
  tokens: { rates: LEGIBLE },
  bytes: undefined,
  seconds: undefined,
  header: undefined,
  base: undefined,
  unreadable: dollars(999n * 10n ** 18n),
};

export const NO_FACTS: CallFacts = { model: undefined, requestBytes: 0 };

/** What is charged for an answer, in whole dollars. */
export function chargeFor(
  chunks: Uint8Array[],
  type: string,
  wishes: { usage?: Usage; status?: number; complete?: boolean; facts?: CallFacts } = {},
): bigint {
  const { usage = METERED, status = 200, complete = true, facts = NO_FACTS } = wishes;
  const answered = { status, headers: new Headers(type === "" ? {} : { "content-type": type }) };
  const meter = makeMeter(usage, facts, answered, 0, () => 0);
  for (const chunk of chunks) meter.tap(chunk);
  return meter.charge({ complete });
}

export const EVENTS = "text/event-stream; charset=utf-8";
export const JSON_TYPE = "application/json";
export const bytesOf = (text: string) => new TextEncoder().encode(text);

const data = (...events: unknown[]) =>
  events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
const named = (...events: { type: string; [member: string]: unknown }[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

const chunk = (more: object) => ({
  id: "chatcmpl-123",
  object: "chat.completion.chunk",
  created: 1694268190,
  model: "gpt-4o-mini",
  usage: null,
  choices: [],
  ...more,
});
const delta = (text: object) => chunk({ choices: [{ index: 0, delta: text, finish_reason: null }] });

export const CHAT_USAGE = {
  prompt_tokens: 2006,
  completion_tokens: 300,
  total_tokens: 2306,
  prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: 0 },
};

const RESPONSES_USAGE = {
  input_tokens: 328,
  input_tokens_details: { cached_tokens: 28 },
  output_tokens: 52,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 380,
};

const response = (more: object) => ({ id: "resp_67c", object: "response", model: "gpt-4.1", ...more });

/** Streams: their text, and the tokens that they report. */
export const STREAMS = {
  chat: {
    text: data(
      delta({ role: "assistant", content: "" }),
      delta({ content: "Grüße" }),
      delta({ content: ", 世界" }),
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
      chunk({ usage: CHAT_USAGE }),
      "[DONE]",
    ),
    tokens: { input: 86, output: 300, cacheRead: 1920, cacheWrite: 0 },
  },
  completions: {
    text: data(
      { id: "cmpl-7", object: "text_completion", choices: [{ text: "Once", index: 0 }], usage: null },
      { id: "cmpl-7", choices: [], usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 } },
      "[DONE]",
    ),
    tokens: { input: 5, output: 7, cacheRead: 0, cacheWrite: 0 },
  },
  responses: {
    text: named(
      { type: "response.created", response: response({ status: "in_progress", usage: null }) },
      { type: "response.output_text.delta", item_id: "msg_1", delta: "Hi" },
      { type: "response.output_text.done", item_id: "msg_1", text: "Hi" },
      { type: "response.completed", response: response({ usage: RESPONSES_USAGE }) },
    ),
    tokens: { input: 300, output: 52, cacheRead: 28, cacheWrite: 0 },
  },
  messages: {
    text: named(
      {
        type: "message_start",
        message: {
          id: "msg_1",
          type: "message",
          role: "assistant",
          model: "claude-sonnet-4-5",
          content: [],
          usage: {
            input_tokens: 25,
            cache_creation_input_tokens: 188,
            cache_read_input_tokens: 50,
            output_tokens: 1,
          },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "ping" },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " “you”\n" } },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn", stop_sequence: null },
        usage: { output_tokens: 15 },
      },
      { type: "message_stop" },
    ),
    tokens: { input: 25, output: 15, cacheRead: 50, cacheWrite: 188 },
  },
};

/** Whole answers: the value, and the tokens that it reports. */
export const ANSWERS = {
  chat: {
    value: {
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: "Hi" } }],
      usage: CHAT_USAGE,
    },
    tokens: STREAMS.chat.tokens,
  },
  embeddings: {
    value: {
      object: "list",
      data: [{ embedding: [0.0023, -0.0093] }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    },
    tokens: { input: 8, output: 0, cacheRead: 0, cacheWrite: 0 },
  },
  responses: { value: response({ usage: RESPONSES_USAGE }), tokens: STREAMS.responses.tokens },
  messages: {
    value: {
      type: "message",
      content: [{ type: "text", text: "Hi" }],
      usage: {
        input_tokens: 2095,
        output_tokens: 503,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: 7,
      },
    },
    tokens: { input: 2095, output: 503, cacheRead: 7, cacheWrite: 0 },
  },
};
