/**
 * A model provider without a model: answers in the public shapes of OpenAI (`/v1/chat/completions`) and Anthropic
 * (`/v1/messages`), as JSON or as a stream of events, and reports its usage as they do. A token of input is a character of
 * the messages. Query: `tokens` of output (5), `interval` ms between events (0), `usage=0` to keep the usage to itself,
 * `busy=529` to fail with that status.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Exchange } from "./upstream-routes.ts";

type Asked = {
  model?: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  messages?: { content?: string }[];
};

/** What is said, one token at a time. */
const WORD = "toll ";

async function read(req: IncomingMessage): Promise<Asked> {
  return JSON.parse(await text(req)) as Asked;
}

function counts(asked: Asked, url: URL): { input: number; output: number } {
  const input = (asked.messages ?? []).reduce((sum, { content = "" }) => sum + content.length, 0);
  return { input, output: Number(url.searchParams.get("tokens") ?? 5) };
}

function reports(url: URL): boolean {
  return url.searchParams.get("usage") !== "0";
}

async function stream(
  { res, url, signal }: Exchange,
  events: Iterable<{ event?: string; data: unknown }>,
): Promise<void> {
  const interval = Number(url.searchParams.get("interval") ?? 0);
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (const { event, data } of events) {
    if (signal.aborted) return;
    const name = event === undefined ? "" : `event: ${event}\n`;
    res.write(`${name}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
    if (interval > 0) await sleep(interval, undefined, { signal }).catch(() => undefined);
  }
  res.end();
}

function sendJson(res: ServerResponse, value: unknown, status = 200): void {
  res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** Fails if it was asked to; true if it did. */
function fail({ res, url }: Exchange): boolean {
  const status = Number(url.searchParams.get("busy") ?? 0);
  if (status === 0) return false;
  sendJson(res, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, status);
  return true;
}

/** `POST /v1/chat/completions`. */
export async function chatCompletions(exchange: Exchange): Promise<void> {
  const { req, res, url } = exchange;
  const asked = await read(req);
  if (fail(exchange)) return;
  const { input, output } = counts(asked, url);
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const head = { id: "chatcmpl-1", created: 1_790_000_000, model: asked.model };
  if (!asked.stream) {
    const message = { role: "assistant", content: WORD.repeat(output) };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    return sendJson(res, { ...head, object: "chat.completion", choices, ...(reports(url) ? { usage } : {}) });
  }
  const chunk = (choices: object[], more = {}) => ({
    data: { ...head, object: "chat.completion.chunk", choices, ...more },
  });
  const said = (delta: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta, finish_reason }]);
  await stream(exchange, [
    said({ role: "assistant", content: "" }),
    ...Array.from({ length: output }, () => said({ content: WORD })),
    said({}, "stop"),
    ...(asked.stream_options?.include_usage && reports(url) ? [chunk([], { usage })] : []),
    { data: "[DONE]" },
  ]);
}

/** `POST /v1/messages`. */
export async function messages(exchange: Exchange): Promise<void> {
  const { req, res, url } = exchange;
  const asked = await read(req);
  if (fail(exchange)) return;
  const { input, output } = counts(asked, url);
  const head = { id: "msg_1", type: "message", role: "assistant", model: asked.model };
  const none = { stop_reason: null, stop_sequence: null };
  if (!asked.stream) {
    const usage = { input_tokens: input, output_tokens: output };
    const content = output === 0 ? [] : [{ type: "text", text: WORD.repeat(output) }];
    const ending = { stop_reason: "end_turn", stop_sequence: null };
    return sendJson(res, { ...head, content, ...ending, ...(reports(url) ? { usage } : {}) });
  }
  const event = (type: string, more: object) => ({ event: type, data: { type, ...more } });
  const begun = { input_tokens: input, output_tokens: 1 };
  const block = { index: 0, content_block: { type: "text", text: "" } };
  await stream(exchange, [
    event("message_start", {
      message: { ...head, content: [], ...none, ...(reports(url) ? { usage: begun } : {}) },
    }),
    event("content_block_start", block),
    event("ping", {}),
    ...Array.from({ length: output }, () =>
      event("content_block_delta", { index: 0, delta: { type: "text_delta", text: WORD } }),
    ),
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      ...(reports(url) ? { usage: { output_tokens: output } } : {}),
    }),
    event("message_stop", {}),
  ]);
}
