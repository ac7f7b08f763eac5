/** What all instances have counted, as Redis has added it up (`docs/storage.md`). */
import { GatewayError } from "../core/errors.ts";
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

/** KEYS: counts. ARGV: names of metrics; none are all. */
const READ_DAY = `#!lua flags=allow-key-locking
local all = redis.call('HGETALL', KEYS[1])
if #ARGV == 0 then return all end
local wanted, found = {}, {}
for _, name in ipairs(ARGV) do wanted[name] = true end
for i = 1, #all, 2 do
  local name = string.match(all[i], '^%["([%l_]+)"')
  if name and wanted[name] then
    found[#found + 1] = all[i]
    found[#found + 1] = all[i + 1]
  end
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
    async days(from, to, names = []) {
      const days: string[] = [];
      for (let at = Date.parse(from); at <= Date.parse(to) && days.length < MOST_DAYS; at += DAY_MS) {
        days.push(dayOf(at));
      }
      // What cannot be read is no reason to keep back what others have asked in the same request.
      const calls = days.map(
        (day): ScriptCall => ({
          script: READ_DAY,
          keys: [dayKey(prefix, day)],
          args: [...names],
          optional: true,
        }),
      );
      const replies = days.length > 0 ? await run(calls) : [];
      if (!replies.every(Array.isArray)) {
        throw new GatewayError("store_unavailable", { cause: "the counts of a day cannot be read" });
      }
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
