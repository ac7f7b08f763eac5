/**
 * What an isolate has counted, on its way into Redis, where it is added up: so it does not matter which isolate saw what. It is
 * kept as numbers in memory, goes along with a payment's last write, or else is written by itself a second later, by
 * whichever call is first to wake up. So under load many calls cost one command, and a paid call by itself none.
 *
 * A write has an id that Redis remembers for a while: one whose reply was lost can be repeated and counts once.
 */
import type { CounterName, HistogramName, Tally } from "../core/metrics.ts";
import { RETRY_DELAYS_MS, retry } from "../core/retry.ts";
import { bucketOf, type Counts, counterSeries, histogramSeries } from "../core/series.ts";
import type { RunScripts, ScriptCall } from "../core/stores.ts";

/** Commands cost money: an isolate writes no more often than this, ms. */
const EVERY_MS = 1000;
/** How the store itself does is worth no write of its own, and where nothing else is counted none more often than this, ms. */
const LAZY_EVERY_MS = 10_000;
/** How long Redis remembers a write, ms. */
const REMEMBERED_MS = 300_000;
const KEPT_MS = 400 * 86_400_000;
/** While so many writes are in doubt, what comes after them waits: the store is away. */
const MOST_IN_DOUBT = 20;
/** Nothing that a client sends makes a series; this is for what nobody has thought of. */
const MOST_SERIES = 10_000;

/**
 * KEYS: all counts, the day's, the mark of this write. ARGV: how long the mark is remembered, how long counts are kept, ms;
 * most series; then series and amount in turn. A write that is known counts no second time: 0.
 */
const ADD = `#!lua flags=allow-key-locking
if not redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[1]) then return 0 end
for k = 1, 2 do
  local room = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[k])
  for i = 4, #ARGV, 2 do
    local known = redis.call('HEXISTS', KEYS[k], ARGV[i]) == 1
    if not known then room = room - 1 end
    if known or room >= 0 then redis.call('HINCRBY', KEYS[k], ARGV[i], ARGV[i + 1]) end
  end
  redis.call('PEXPIRE', KEYS[k], ARGV[2])
end
return 1`;

/** A write of counts, to go along with another. */
export type Ride = ScriptCall & { begun: number };

/** The tally of an isolate, and how it gets into the store. */
export type RidingTally = Tally & {
  /** What has been counted, to go along with a write; none when there is nothing or it is too early. */
  take: () => Ride[];
  /** Takes back what could not be written, or may not have been. */
  putBack: (rides: Ride[]) => void;
  /** Waits for a second, then writes what there is, unless somebody else has. Never throws. */
  flush: (run: RunScripts) => Promise<void>;
};

/** The hash of all counts. */
export function totalKey(prefix: string): string {
  return `${prefix}:stats:metrics`;
}

/** The hash of a UTC day's counts, `2026-11-21`. */
export function dayKey(prefix: string, day: string): string {
  return `${prefix}:stats:day:${day}`;
}

/** The UTC day of a time, ms since 1970. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A tally that is written under the prefix. */
export function makeTally(prefix: string, clock: () => number): RidingTally {
  let counts: Counts = new Map();
  /** There is more than how the store does. */
  let urgent = false;
  const born = clock();
  let wrote = Number.NEGATIVE_INFINITY;
  let takes = 0;
  let waiting: Ride[] = [];
  const add = (series: string, amount: number) => {
    const known = counts.get(series);
    if (known !== undefined || counts.size < MOST_SERIES) counts.set(series, (known ?? 0) + amount);
  };
  const noted = (name: CounterName | HistogramName) => {
    urgent ||= !name.startsWith("redis_");
  };

  function ride(now: number): Ride {
    const args = [REMEMBERED_MS, KEPT_MS, MOST_SERIES].map(String);
    for (const [series, amount] of counts) args.push(series, String(amount));
    counts = new Map();
    urgent = false;
    const mark = `${prefix}:stats:write:${crypto.randomUUID()}`;
    const keys = [totalKey(prefix), dayKey(prefix, dayOf(now)), mark];
    return { script: ADD, keys, args, optional: true, begun: now };
  }

  /** After so long Redis may have forgotten it: it is counted anew. */
  function recount({ args }: Ride): void {
    for (let i = 3; i < args.length; i += 2) add(args[i] ?? "", Number(args[i + 1]));
    urgent = true;
  }

  function take(): Ride[] {
    const now = clock();
    const known = (of: Ride) => now - of.begun < REMEMBERED_MS / 2;
    const [since, everyMs] =
      urgent || waiting.length > 0 ? [wrote, EVERY_MS] : [Math.max(wrote, born), LAZY_EVERY_MS];
    if (Math.abs(now - since) < everyMs) return [];
    for (const old of waiting.filter((of) => !known(of))) recount(old);
    const again = waiting.filter(known);
    waiting = [];
    if (again.length === 0 && counts.size === 0) return [];
    wrote = now;
    takes += 1;
    const hasNew = counts.size > 0 && again.length < MOST_IN_DOUBT;
    return hasNew ? [...again, ride(now)] : again;
  }

  const putBack = (rides: Ride[]) => void waiting.push(...rides);

  return {
    count(name, labels, amount = 1) {
      noted(name);
      add(counterSeries(name, labels), amount);
    },
    time(name, labels, ms) {
      noted(name);
      add(histogramSeries(name, labels, bucketOf(name, ms)), 1);
      add(histogramSeries(name, labels, "sum"), Math.round(ms * 1000));
    },
    take,
    putBack,
    async flush(run) {
      const before = takes;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      if (takes !== before) return;
      const rides = take();
      if (rides.length === 0) return;
      const calls = rides.map((of) => ({ ...of, optional: false }));
      const written = await retry(() => run(calls), [0, ...RETRY_DELAYS_MS]);
      if (!written) putBack(rides);
    },
  };
}
