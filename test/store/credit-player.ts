/** The real scripts of credits on a real Redis, with the clock in the test's hand: whole histories in one round trip. */
import { expect } from "vitest";
import type { RunningRedis } from "../../dev/redis.ts";
import type { Reply as RedisReply } from "../../src/bridge/reply.ts";
import { createRespClient } from "../../src/bridge/resp.ts";
import { toRedisScript } from "../../src/bridge/scripts.ts";
import { DRAW, GIVE_BACK, GRANT_CREDITS } from "../../src/stores/credit-scripts.ts";
import { CLAIM } from "../../src/stores/scripts.ts";
import { REVOKE } from "../../src/stores/session-scripts.ts";
import { type Ask, type Reply, TTL_MS } from "./credit-model.ts";
import { onTestClock, sha1, text } from "./record-scripts.ts";

/** A question at a time, ms since 1970. */
export type Asked = { ask: Ask; at: number };
/** Answers a history of questions about fresh accounts, and says what is left in each of them. */
export type Play = (history: readonly Asked[]) => Promise<{ replies: Reply[]; left: Record<string, number> }>;

export const ACCOUNTS = ["A", "B"];
/** Beyond every history, so that nothing that is remembered ends on the way. */
const KNOWN_MS = "1000000000";
const GROUP = "group";

export async function playOn(redis: RunningRedis): Promise<{ play: Play; close: () => void }> {
  const client = createRespClient(redis.backend, 10_000);
  const scripts = {
    grant: onTestClock(GRANT_CREDITS),
    draw: onTestClock(DRAW),
    claim: onTestClock(CLAIM),
    revoke: onTestClock(REVOKE),
    giveBack: toRedisScript(GIVE_BACK, false),
  };
  const loaded = await client.send(Object.values(scripts).map((script) => ["SCRIPT", "LOAD", script]));
  expect(loaded.map(text)).toEqual(Object.values(scripts).map(sha1));
  let histories = 0;

  const play: Play = async (history) => {
    histories += 1;
    const used = new Set<string>();
    const name = (kind: string, of: string | number) => {
      const key = `${histories}:${kind}:${of}`;
      used.add(key);
      return key;
    };
    const asks = history.map(({ ask, at }, i) => {
      const [script, keys, args] = questionOf(ask, i, name);
      // As TIME answers it: seconds, and the microseconds in the second.
      const clock = [String(Math.floor(at / 1000)), String((at % 1000) * 1000)];
      return ["EVALSHA", sha1(scripts[script]), String(keys.length), ...keys, ...args, ...clock];
    });
    const looks = ACCOUNTS.map((account) => ["HGET", name("cred", account), "left"]);
    const all = await client.send([...asks, ...looks, ["DEL", ...used]]);
    const left = all.slice(asks.length, -1).map((reply) => Number(reply === null ? "0" : text(reply)));
    return {
      replies: all.slice(0, asks.length).map(toReply),
      left: Object.fromEntries(ACCOUNTS.map((account, i) => [account, left[i] ?? 0])),
    };
  };
  return { play, close: () => client.close() };
}

type Name = (kind: string, of: string | number) => string;
type Script = "grant" | "draw" | "claim" | "revoke" | "giveBack";

function questionOf(ask: Ask, index: number, name: Name): [Script, string[], string[]] {
  switch (ask.ask) {
    case "grant": {
      const args = [GROUP, ask.spend, ask.token, String(TTL_MS), KNOWN_MS, String(ask.credits)];
      return ["grant", [name("cred", ask.account)], args];
    }
    case "draw": {
      const keys = [name("cred", ask.account), name("draw", ask.draw)];
      if (ask.token !== "") return ["draw", keys, [GROUP, ask.token, KNOWN_MS]];
      // A payment that was never seen before.
      const args = ["fp", "owner", "1000", "1000", "1", GROUP, "", "spend", "", KNOWN_MS, ""];
      return ["claim", [name("verify", index), name("pending", index), ...keys], args];
    }
    case "giveBack":
      return [
        "giveBack",
        [name("draw", ask.draw), ...ask.accounts.map((account) => name("cred", account))],
        [KNOWN_MS],
      ];
    case "revoke":
      return ["revoke", [name("cred", ask.account)], []];
  }
}

function toReply(reply: RedisReply): Reply {
  if (reply instanceof Error) throw reply;
  if (!Array.isArray(reply)) return text(reply) === "1";
  const [kind = "", ...more] = reply.map(text);
  if (kind === "" || kind === "claimed") return undefined;
  const [left, until] = kind === "credit" ? more : [kind, ...more];
  return [Number(left), Number(until)];
}
