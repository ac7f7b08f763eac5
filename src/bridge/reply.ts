import type { Duplex } from "node:stream";
import Parser from "redis-parser";

/**
 * One Redis reply as parsed: bulk and status strings are bytes, integers keep all their digits as text, and
 * `null` stands for both the nil string and the nil array.
 */
export type Reply = Uint8Array | string | null | Error | Reply[];

/**
 * The reply as Upstash writes it in JSON. With `base64` every string is encoded at every depth, while integers,
 * nulls and errors never are.
 */
function replyToJson(reply: Reply, base64: boolean): string {
  if (reply === null) return "null";
  // An integer is written digit by digit: a JavaScript number would round it beyond 2^53.
  if (typeof reply === "string") return reply;
  // Only an error inside an array gets here; it has no JSON form of its own.
  if (reply instanceof Error) return JSON.stringify(reply.message);
  if (Array.isArray(reply)) return `[${reply.map((item) => replyToJson(item, base64)).join(",")}]`;
  return JSON.stringify(Buffer.from(reply).toString(base64 ? "base64" : "utf8"));
}

/** One slot of an answer: `{"result":…}` or `{"error":"…"}`. */
export function slotToJson(reply: Reply, base64: boolean): string {
  if (reply instanceof Error) return errorToJson(reply.message);
  return `{"result":${replyToJson(reply, base64)}}`;
}

/** The body of every failure; the client cannot read a failure without it. */
export function errorToJson(message: string): string {
  return JSON.stringify({ error: message });
}

/** Hands over each reply the stream brings; calls `die` when the stream ends or brings no RESP. */
export function readReplies(stream: Duplex, take: (reply: Reply) => void, die: (error: Error) => void): void {
  const parser = new Parser({
    returnBuffers: true,
    stringNumbers: true,
    returnReply: (reply) => take(reply as Reply),
    returnError: take,
    returnFatalError: die,
  });
  stream.on("data", (chunk: Uint8Array) => parser.execute(chunk));
  stream.on("error", die);
  stream.on("end", () => die(new Error("Redis closed the connection")));
  stream.on("close", () => die(new Error("the connection to Redis was lost")));
}
