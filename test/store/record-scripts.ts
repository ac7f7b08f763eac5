/** The real scripts on a real Redis, with the clock in the test's hand: whole histories in one round trip. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { RunningRedis } from "../../dev/redis.ts";
import type { Reply as RedisReply } from "../../src/bridge/reply.ts";
import { createRespClient } from "../../src/bridge/resp.ts";
import { toRedisScript } from "../../src/bridge/scripts.ts";
import { CHANGE } from "../../src/stores/change-script.ts";
import { CLAIM } from "../../src/stores/scripts.ts";
import { type Ask, LEASE_MS, REASON, type Reply } from "./record-model.ts";

/** A question to the record at a time, ms since 1970. */
export type Asked = { ask: Ask; at: number };

const TIME = "redis.call('TIME')";
/** Beyond every history, so that no record ends on the way. */
const TTL_MS = 1_000_000_000;
const INDEX = "pending";

/** Answers a history of questions to one fresh record, and says what is left of it. */
export type Play = (history: readonly Asked[]) => Promise<{ replies: Reply[]; left: Record<string, string> }>;

/** `goodMs`: how long a payment that was let go is known to be valid, which must not make a difference. */
export async function playOn(
  redis: RunningRedis,
  goodMs: number,
): Promise<{ play: Play; close: () => void }> {
  const client = createRespClient(redis.backend, 10_000);
  const scripts = { claim: onTestClock(CLAIM), change: onTestClock(CHANGE) };
  const loaded = await client.send(Object.values(scripts).map((script) => ["SCRIPT", "LOAD", script]));
  expect(loaded.map(text)).toEqual(Object.values(scripts).map(sha1));
  const sha = { claim: sha1(scripts.claim), change: sha1(scripts.change) };
  let records = 0;

  const play: Play = async (history) => {
    records += 1;
    const key = `record-${records}`;
    const asks = history.map(({ ask, at }) => [
      "EVALSHA",
      sha[ask.ask],
      "2",
      key,
      INDEX,
      ...argumentsOf(ask, goodMs),
      // As TIME answers it: seconds, and the microseconds in the second.
      String(Math.floor(at / 1000)),
      String((at % 1000) * 1000),
    ]);
    const replies = await client.send([...asks, ["HGETALL", key], ["DEL", key]]);
    const left = replies.at(-2);
    return {
      replies: replies.slice(0, -2).map(toReply),
      left: withoutOpen(toRecord(Array.isArray(left) ? left : [])),
    };
  };
  return { play, close: () => client.close() };
}

/** The script with `TIME` replaced by its last two arguments. */
export function onTestClock(script: string): string {
  const pieces = toRedisScript(script, false).split(TIME);
  expect(pieces, "the script asks for the time exactly once").toHaveLength(2);
  return pieces.join("{ARGV[#ARGV - 1], ARGV[#ARGV]}");
}

function argumentsOf(ask: Ask, goodMs: number): string[] {
  return ask.ask === "claim"
    ? [
        ask.fp,
        ask.owner,
        String(LEASE_MS),
        String(TTL_MS),
        ask.create ? "1" : "0",
        "",
        "",
        "spend",
        "",
        "",
        "",
      ]
    : [
        ask.owner,
        ask.to,
        String(LEASE_MS),
        ask.receipt,
        REASON,
        "",
        "spend",
        "",
        ask.to === "abandoned" ? String(goodMs) : "0",
        "",
      ];
}

function toReply(reply: RedisReply): Reply {
  if (reply instanceof Error) throw reply;
  if (Array.isArray(reply)) return [text(reply[0] ?? null), text(reply[1] ?? null)];
  return text(reply) === "1" ? "1" : "0";
}

function toRecord(flat: RedisReply[]): Record<string, string> {
  const fields = flat.map(text);
  return Object.fromEntries(
    fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1] ?? ""]] : [])),
  );
}

/** A payment that is known to be good and in nobody's hands is as good as one that was never seen. */
function withoutOpen(record: Record<string, string>): Record<string, string> {
  return record.state === "open" ? {} : record;
}

export function text(reply: RedisReply): string {
  if (reply instanceof Error) throw reply;
  return reply instanceof Uint8Array ? Buffer.from(reply).toString() : String(reply);
}

export function sha1(script: string): string {
  return createHash("sha1").update(script).digest("hex");
}
