/** What all instances have counted, as Redis has added it up (`docs/storage.md`). */
import { GatewayError } from "../core/errors.ts";
import type { Tally } from "../core/metrics.ts";
import type { Counts } from "../core/series.ts";
import type { RunScripts, ScriptCall, StatsStore, Sums } from "../core/stores.ts";
import { dayKey, dayOf, type RidingTally, totalKey } from "./tally.ts";

/** Longest stretch of days that is read at once; none are kept for longer. */
const MOST_DAYS = 400;
/** Days that one script adds up: Redis does nothing else meanwhile. */
const DAYS_AT_ONCE = 7;
const DAY_MS = 86_400_000;

/** KEYS: counts. */
const READ = `#!lua flags=allow-key-locking
return redis.call('HGETALL', KEYS[1])`;

/**
 * KEYS: days' counts. ARGV: a metric, then more of them. Returns series and sums over these days in turn; of the first one the
 * values of its last label instead, for each day by its place: `3 paid`.
 */
const FOLD = `#!lua flags=allow-key-locking
local wanted, sums, found = {}, {}, {}
for _, name in ipairs(ARGV) do wanted[name] = true end
for day, key in ipairs(KEYS) do
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local series = all[i]
    local name = string.match(series, '^%["([%l_]+)"')
    if name and wanted[name] then
      if name == ARGV[1] then series = day .. ' ' .. (string.match(series, '"(%l+)"%]$') or '') end
      sums[series] = (sums[series] or 0) + tonumber(all[i + 1])
    end
  end
end
for series, sum in pairs(sums) do
  found[#found + 1] = series
  found[#found + 1] = string.format('%.0f', sum)
end
return found`;

/** What is counted here, and what was counted everywhere. */
export type Stats = StatsStore & {
  tally: Tally;
  /** Waits for a second, then writes what has been counted here, unless that has been done meanwhile. Never throws. */
  flush: () => Promise<void>;
};

/** The counts behind a connection. */
export function statsStore(run: RunScripts, tally: RidingTally, prefix: string): Stats {
  return {
    tally,
    flush: () => tally.flush(run),
    async total() {
      const [reply] = await run([{ script: READ, keys: [totalKey(prefix)], args: [] }]);
      return toCounts(reply);
    },
    async over(from, to, daily, whole) {
      const parts = partsOf(from, to);
      // What cannot be read is no reason to keep back what others have asked in the same request.
      const calls = parts.map(
        (days): ScriptCall => ({
          script: FOLD,
          keys: days.map((day) => dayKey(prefix, day)),
          args: [daily, ...whole],
          optional: true,
        }),
      );
      const replies = calls.length > 0 ? await run(calls) : [];
      return fold(parts, replies);
    },
  };
}

/** The days from one to another, as they are asked for. */
function partsOf(from: string, to: string): string[][] {
  const parts: string[][] = [];
  let days = 0;
  for (let at = Date.parse(from); at <= Date.parse(to) && days < MOST_DAYS; at += DAY_MS) {
    if (days % DAYS_AT_ONCE === 0) parts.push([]);
    parts.at(-1)?.push(dayOf(at));
    days += 1;
  }
  return parts;
}

function fold(parts: string[][], replies: unknown[]): Sums {
  const sums: Sums = { daily: new Map(), whole: new Map() };
  for (const [i, reply] of replies.entries()) {
    if (!Array.isArray(reply)) {
      throw new GatewayError("store_unavailable", { cause: "the counts of a day cannot be read" });
    }
    for (const [series, amount] of toCounts(reply)) {
      const [, place, value = ""] = /^(\d+) (.*)$/.exec(series) ?? [];
      const day = parts[i]?.[Number(place) - 1];
      if (day === undefined) sums.whole.set(series, (sums.whole.get(series) ?? 0) + amount);
      else sums.daily.set(day, (sums.daily.get(day) ?? new Map()).set(value, amount));
    }
  }
  return sums;
}

function toCounts(reply: unknown): Counts {
  const fields: unknown[] = Array.isArray(reply) ? reply : [];
  const counts: Counts = new Map();
  for (let i = 0; i + 1 < fields.length; i += 2) counts.set(String(fields[i]), Number(fields[i + 1]));
  return counts;
}
