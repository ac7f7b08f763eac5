/** What all instances have counted, as Redis has added it up (`docs/storage.md`). */
import type { Tally } from "../core/metrics.ts";
import type { Counts } from "../core/series.ts";
import type { RunScripts, ScriptCall, StatsStore } from "../core/stores.ts";
import { dayKey, dayOf, type RidingTally, totalKey } from "./tally.ts";

/** Longest stretch of days that is read at once; none are kept for longer. */
const MOST_DAYS = 400;
const DAY_MS = 86_400_000;

/** KEYS: counts. */
const READ = `#!lua flags=allow-key-locking
return redis.call('HGETALL', KEYS[1])`;

/** What is counted here, and what was counted everywhere. */
export type Stats = StatsStore & {
  tally: Tally;
  /** Waits for a second, then writes what has been counted here, unless that has been done meanwhile. Never throws. */
  flush: () => Promise<void>;
};

/** The counts behind a connection. */
export function statsStore(run: RunScripts, tally: RidingTally, prefix: string): Stats {
  const reading = (key: string): ScriptCall => ({ script: READ, keys: [key], args: [] });
  return {
    tally,
    flush: () => tally.flush(run),
    async total() {
      const [reply] = await run([reading(totalKey(prefix))]);
      return toCounts(reply);
    },
    async days(from, to) {
      const days: string[] = [];
      for (let at = Date.parse(from); at <= Date.parse(to) && days.length < MOST_DAYS; at += DAY_MS) {
        days.push(dayOf(at));
      }
      const replies = days.length > 0 ? await run(days.map((day) => reading(dayKey(prefix, day)))) : [];
      const found = days.map((day, i) => [day, toCounts(replies[i])] as const);
      return new Map(found.filter(([, counts]) => counts.size > 0));
    },
  };
}

function toCounts(reply: unknown): Counts {
  const fields: unknown[] = Array.isArray(reply) ? reply : [];
  const counts: Counts = new Map();
  for (let i = 0; i + 1 < fields.length; i += 2) counts.set(String(fields[i]), Number(fields[i + 1]));
  return counts;
}
