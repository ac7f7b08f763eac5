/** The real scripts of kept answers on a real Redis, with the clock in the test's hand: whole histories in one round trip. */
import { expect } from "vitest";
import type { RunningRedis } from "../../dev/redis.ts";
import type { Reply as RedisReply } from "../../src/bridge/reply.ts";
import { createRespClient } from "../../src/bridge/resp.ts";
import { toRedisScript } from "../../src/bridge/scripts.ts";
import { BODY, KEEP, LEASE, PURGE_KEY, PURGE_TAGS } from "../../src/stores/cache-changes.ts";
import { LOOK } from "../../src/stores/cache-scripts.ts";
import { type Ask, EVERYTHING, type Reply } from "./cache-model.ts";
import { onTestClock, sha1, text } from "./record-scripts.ts";

/** A question at a time, ms since 1970; `variant` is what the asker was told before. */
export type Asked = { ask: Ask; at: number; variant: string };
/** Answers a history about one fresh key, and says how long what is left of it lives, ms (-1 is for ever). */
export type Play = (history: readonly Asked[]) => Promise<{ replies: Reply[]; lives: number[] }>;

export async function playOn(redis: RunningRedis): Promise<{ play: Play; close: () => void }> {
  const client = createRespClient(redis.backend, 10_000);
  const scripts = {
    look: onTestClock(LOOK),
    keep: onTestClock(KEEP),
    lease: onTestClock(LEASE),
    purge: onTestClock(PURGE_KEY),
    purgeTag: onTestClock(PURGE_TAGS),
    body: toRedisScript(BODY, false),
  };
  const loaded = await client.send(Object.values(scripts).map((script) => ["SCRIPT", "LOAD", script]));
  expect(loaded.map(text)).toEqual(Object.values(scripts).map(sha1));
  let histories = 0;

  const play: Play = async (history) => {
    histories += 1;
    const keys = [`answers-${histories}`, `purges-${histories}`];
    const [answers = "", purges = ""] = keys;
    const asks = history.map(({ ask, at, variant }) => {
      const of = { look: keys, keep: keys, purgeTag: [purges] }[ask.ask as string] ?? [answers];
      // As TIME answers it: seconds, and the microseconds in the second.
      const clock = [String(Math.floor(at / 1000)), String((at % 1000) * 1000)];
      return ["EVALSHA", sha1(scripts[ask.ask]), String(of.length), ...of, ...argsOf(ask, variant), ...clock];
    });
    const lives = keys.map((key) => ["PTTL", key]);
    const all = await client.send([...asks, ...lives, ["DEL", ...keys]]);
    return {
      replies: history.map(({ ask }, i) => toReply(ask, all[i] ?? null)),
      lives: all.slice(asks.length, -1).map((reply) => Number(text(reply))),
    };
  };
  return { play, close: () => client.close() };
}

function argsOf(ask: Ask, variant: string): string[] {
  switch (ask.ask) {
    case "look":
      return [ask.owner, String(ask.leaseMs), ask.anew ? "1" : "", "", EVERYTHING, ...ask.headers.flat()];
    case "keep":
      return [
        ask.owner,
        variant,
        ...[ask.since, ask.freshMs, ask.keepMs].map(String),
        ask.version,
        "{}",
        ask.body === undefined ? `=${ask.was}` : `+${ask.body}`,
        ask.vary.join("\n"),
        ask.tags.join("\n"),
        ...ask.headers.flat(),
      ];
    case "lease":
      return [variant, ask.owner, String(ask.leaseMs), String(ask.aloneMs)];
    case "purge":
      return [];
    case "purgeTag":
      return [ask.tag];
    case "body":
      return [variant, ask.version];
  }
}

function toReply({ ask }: Ask, reply: RedisReply): Reply {
  if (reply instanceof Error) throw reply;
  if (ask === "purge" || ask === "purgeTag" || reply === null) return undefined;
  if (!Array.isArray(reply)) return text(reply);
  const [variant = "", , turn = "", left = "", meta = "", , body = ""] = reply.map(text);
  return [variant, turn, left, meta.split("\n")[3] ?? "", body];
}
