/**
 * An upstream that answers in the shape of OpenAI's chat completions: `POST /chat`, as JSON or, if the body says so, as a
 * stream of events. Query: `count` events, `gap` ms between two of them (0: as fast as they are taken). Every event says
 * when it was written, by the machine's monotonic clock, so that its reader knows how long it has been on its way.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

const USAGE = { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105 };
const HEAD = { id: "chatcmpl-1", created: 1_790_000_000, model: "house-1" };
/** As many as fit into one write when nobody waits for the single event. */
const TOGETHER = 20;

/** Milliseconds of the clock that all processes of this machine share. */
export const monotonic = () => Number(process.hrtime.bigint()) / 1e6;

/** What stands before an event's time, and behind it. */
export const MARK = { open: '"at":"', close: '"' };

/** Answers one call. */
export async function answerChat(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = JSON.parse(await text(request)) as { stream?: boolean };
  if (!asked.stream) {
    const choices = [{ index: 0, message: { role: "assistant", content: "toll" }, finish_reason: "stop" }];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...HEAD, object: "chat.completion", choices, usage: USAGE }));
    return;
  }
  const { searchParams } = new URL(request.url ?? "", "http://upstream");
  const [count, gap] = [Number(searchParams.get("count") ?? 10), Number(searchParams.get("gap") ?? 0)];
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  // A client may leave in the middle of it.
  await pipeline(Readable.from(say(count, gap)), response).catch(() => undefined);
}

async function* say(count: number, gap: number): AsyncGenerator<string> {
  for (let sent = 0; sent < count; ) {
    const together = gap > 0 ? 1 : Math.min(TOGETHER, count - sent);
    let chunk = "";
    for (let i = 0; i < together; i++) chunk += event();
    sent += together;
    yield chunk;
    if (gap > 0) await sleep(gap);
  }
  const last = JSON.stringify({ ...HEAD, object: "chat.completion.chunk", choices: [], usage: USAGE });
  yield `data: ${last}\n\ndata: [DONE]\n\n`;
}

function event(): string {
  const choices = [{ index: 0, delta: { content: "toll " }, finish_reason: null }];
  const at = monotonic().toFixed(4);
  return `data: ${JSON.stringify({ ...HEAD, object: "chat.completion.chunk", choices, at })}\n\n`;
}
