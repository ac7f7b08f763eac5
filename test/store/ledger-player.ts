/** The scripts of payments with a ledger, on a real Redis and the test's clock: several payments, one after another's word. */
import type { RunningRedis } from "../../dev/redis.ts";
import type { Reply } from "../../src/bridge/reply.ts";
import { createRespClient } from "../../src/bridge/resp.ts";
import { toRedisScript } from "../../src/bridge/scripts.ts";
import { CHANGE } from "../../src/stores/change-script.ts";
import { dayName, ledgerKeys } from "../../src/stores/ledger-keys.ts";
import { CLAIM } from "../../src/stores/scripts.ts";
import type { Sent } from "./record-isolates.ts";
import { type Ask, LEASE_MS, REASON } from "./record-model.ts";
import { sha1, text } from "./record-scripts.ts";

const DAY_MS = 86_400_000;
const KEPT_MS = String(90 * DAY_MS);
const TTL_MS = "1000000000";
/** When the stories begin (`record-isolates.ts`), as a day. */
const START = 1_790_000_000_000;
const DAY = Math.floor(START / DAY_MS) + 1;

/** What one payment was sold for, and its messages. */
export type History = { amount: bigint; route: string; sent: readonly Sent[] };

/** What is found at the end. */
export type Left = {
  records: Record<string, string>[];
  days: { name: string; lines: string[]; sums: string[] }[];
  /** As `yyyy-mm-dd place`. */
  owed: string[];
};

/** Plays the histories side by side; the first messages are sent so many ms before midnight. */
export type Play = (histories: History[], beforeMidnight: number) => Promise<Left>;

/** Redis with the scripts. */
export async function playLedgerOn(redis: RunningRedis): Promise<{ play: Play; close: () => void }> {
  const client = createRespClient(redis.backend, 10_000);
  const scripts = { claim: onTestClock(CLAIM), change: onTestClock(CHANGE) };
  await client.send(Object.values(scripts).map((script) => ["SCRIPT", "LOAD", script]));
  let games = 0;

  const play: Play = async (histories, beforeMidnight) => {
    games += 1;
    const prefix = `game-${games}`;
    const shift = DAY * DAY_MS - beforeMidnight - START;
    const messages = histories
      .flatMap(({ sent, ...sold }, i) => sent.map(({ ask, at }) => ({ ask, at: at + shift, i, sold })))
      .sort((a, b) => a.at - b.at);
    for (const { ask, at, i, sold } of messages) {
      const say = async (day: number): Promise<void> => {
        const { list, sums, owed } = ledgerKeys(prefix, day);
        const keys = [
          `${prefix}:${i}`,
          `${prefix}:pending`,
          ...(ask.ask === "claim" ? [] : [list, sums, owed]),
        ];
        const args = argumentsOf(ask, i, sold, day);
        const time = [String(Math.floor(at / 1000)), String((at % 1000) * 1000)];
        const sha = sha1(scripts[ask.ask]);
        const [reply = null] = await client.send([
          ["EVALSHA", sha, String(keys.length), ...keys, ...args, ...time],
        ]);
        const answer = Array.isArray(reply) ? 0 : Number(text(reply));
        // As the store of the gateway does: with the keys of the day that the script asks for.
        if (answer > 1) await say(answer);
      };
      // An instance whose clock is a second behind.
      await say(Math.floor((at - 1000) / DAY_MS));
    }
    return find(prefix, histories.length);
  };

  async function find(prefix: string, many: number): Promise<Left> {
    const days = [DAY - 1, DAY];
    const asks = days.flatMap((day) => {
      const { list, sums } = ledgerKeys(prefix, day);
      return [
        ["LRANGE", list, "0", "-1"],
        ["HGETALL", sums],
      ];
    });
    const records = Array.from({ length: many }, (_, i) => ["HGETALL", `${prefix}:${i}`]);
    const { owed } = ledgerKeys(prefix, 0);
    const replies = (await client.send([...asks, ["ZRANGE", owed, "0", "-1"], ...records])).map(toTexts);
    const ledger = days.map((day, n) => ({
      name: dayName(day),
      lines: replies[2 * n] ?? [],
      sums: replies[2 * n + 1] ?? [],
    }));
    const places = (replies[asks.length] ?? []).map((place) => place.split(" "));
    return {
      days: ledger,
      owed: places.map(([day, index]) => `${dayName(Number(day))} ${index}`),
      records: replies.slice(asks.length + 1).map(toRecord),
    };
  }
  return { play, close: () => client.close() };
}

function onTestClock(script: string): string {
  return toRedisScript(script, true).replace("redis.call('TIME')", "{ARGV[#ARGV - 1], ARGV[#ARGV]}");
}

function argumentsOf(ask: Ask, i: number, { amount, route }: Omit<History, "sent">, day: number): string[] {
  const spend = `spend-${i}`;
  if (ask.ask === "claim") {
    const pay = JSON.stringify({ requirements: { network: "n", asset: "a", amount: String(amount) } });
    const create = ask.create ? "1" : "0";
    return [ask.fp, ask.owner, String(LEASE_MS), TTL_MS, create, "", pay, spend, "", "", `6 USDC ${route}`];
  }
  // The stories' receipts are a transaction each.
  const transaction = ask.receipt === "" ? "" : JSON.parse(ask.receipt).replaceAll(" ", "-");
  const receipt = transaction === "" ? "" : JSON.stringify({ success: true, transaction });
  const change = [ask.owner, ask.to, String(LEASE_MS), receipt, REASON, "", spend, "", "0"];
  return [...change, String(day), "payer", KEPT_MS];
}

function toTexts(reply: Reply): string[] {
  if (!Array.isArray(reply)) throw new Error(text(reply));
  return reply.map(text);
}

function toRecord(flat: string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? ""]] : [])));
}
