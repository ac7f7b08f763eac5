/**
 * How the store does, as the gateways that use it see it: requests, failures and latency, added up in the store itself by
 * the hour (`{prefix}:stats:store:{hour}`), so that it does not matter which isolate saw them. What an isolate has counted
 * rides along with the next write that nobody waits for.
 */
import type { ScriptCall } from "../core/stores.ts";

/** Upper bounds of the latency buckets, ms. */
export const LATENCY_BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const;
const KEPT_MS = 7 * 24 * 3600_000;
/** Commands cost money: an isolate writes what it has counted no more often than this, ms. */
const EVERY_MS = 10_000;

/** KEYS: counters. ARGV: lifetime ms, then field and amount in turn. */
const COUNT = `#!lua flags=allow-key-locking
for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])`;

/** How a request to the store ended. */
export type RequestEnd = "ok" | "failed" | "timeout";

/** Counts of one isolate since they were last written. */
export type Counters = {
  note: (ms: number, end: RequestEnd) => void;
  /** The counts as a call to go along with a write; undefined when there are none or it is too early. They start anew. */
  take: () => ScriptCall | undefined;
  /** Gives back what could not be written. */
  putBack: (call: ScriptCall) => void;
};

/** The key of an hour's counts; `at` in ms since 1970. */
export function countersKey(prefix: string, at: number): string {
  return `${prefix}:stats:store:${new Date(at).toISOString().slice(0, 13)}`;
}

/** Counters that are written under the prefix. */
export function makeCounters(prefix: string, clock: () => number): Counters {
  let counts = new Map<string, number>();
  let since = clock();
  const add = (field: string, amount: number) => counts.set(field, (counts.get(field) ?? 0) + amount);
  return {
    note(ms, end) {
      add("requests", 1);
      if (end !== "ok") add(end, 1);
      add(`le_${LATENCY_BUCKETS_MS.find((bound) => ms <= bound) ?? "more"}`, 1);
    },
    take() {
      if (counts.size === 0 || clock() - since < EVERY_MS) return undefined;
      since = clock();
      const args = [...counts].flatMap(([field, amount]) => [field, String(amount)]);
      counts = new Map();
      return {
        script: COUNT,
        keys: [countersKey(prefix, clock())],
        args: [String(KEPT_MS), ...args],
        optional: true,
      };
    },
    putBack({ args }) {
      for (let i = 1; i < args.length; i += 2) add(args[i] ?? "", Number(args[i + 1]));
    },
  };
}
