/** The ledger behind a connection, for who reads it. What is written is part of the payments' own script. */
import type { Ledger } from "../core/ledger.ts";
import type { RunScripts } from "../core/stores.ts";
import { dayName, dayNumber, ledgerKeys } from "./ledger-keys.ts";
import {
  Counted,
  DOUBTFUL,
  LINES,
  Lined,
  OWED,
  PENDING,
  PICK,
  read,
  Strings,
  SUMS,
  toDoubts,
  toEntry,
  toSums,
} from "./ledger-read.ts";
import { recordKey } from "./payments.ts";
import { pendingKeys } from "./pending-scripts.ts";
import { refundsKey } from "./refunds.ts";

/** Receipts in one portion of an export: some 300 kB. */
const PORTION = 1000;
/** Days whose sums are asked for in one request. */
const DAYS_AT_ONCE = 60;

/** Opens it; makes no request. */
export function openLedger(run: RunScripts, prefix: string): Ledger {
  const keys = (day: string) => ledgerKeys(prefix, dayNumber(day));

  /** A refund is recorded by a hook, beside the ledger: in the month of the settlement, or the one after. */
  function withRefunds(day: string): string[] {
    const [year = 0, month = 1] = day.split("-").map(Number);
    const months = [month - 1, month].map((at) => new Date(Date.UTC(year, at)).toISOString().slice(0, 7));
    return [keys(day).list, ...months.map((at) => refundsKey(prefix, at))];
  }

  /** From one place to another; negative ones count from the end. */
  async function lines(day: string, first: number, last: number) {
    const args = [String(first), String(last)];
    const [reply] = await run([{ script: LINES, keys: withRefunds(day), args }]);
    const [total, found, refunds] = read(Lined, reply);
    const start = first < 0 ? total - found.length : first;
    const entries = found.map((line, i) => toEntry(line, day, start + i, refunds[i] === 1));
    return { total, start, entries };
  }

  return {
    async page({ day, before, limit, status }) {
      if (before === 0) return { entries: [], before: undefined, total: 0 };
      const [first, last] = before === undefined ? [-limit, -1] : [Math.max(0, before - limit), before - 1];
      const { entries, start, total } = await lines(day, first, last);
      const wanted = status ? entries.filter((entry) => entry.status === status) : entries;
      return { entries: wanted.reverse(), before: start === 0 ? undefined : start, total };
    },

    async sums(from, to) {
      const days = daysOf(from, to);
      const sums = [];
      for (let at = 0; at < days.length; at += DAYS_AT_ONCE) {
        const some = days.slice(at, at + DAYS_AT_ONCE);
        const replies = await run(some.map((day) => ({ script: SUMS, keys: [keys(day).sums], args: [] })));
        sums.push(...some.flatMap((day, i) => toSums(read(Strings, replies[i]), day)));
      }
      return sums;
    },

    async owed(limit) {
      const { owed } = ledgerKeys(prefix, 0);
      const [reply] = await run([{ script: OWED, keys: [owed], args: [String(limit)] }]);
      const [total, places] = read(Counted, reply);
      const byDay = new Map<string, string[]>();
      for (const place of places) {
        const [day = "", index = ""] = place.split(" ");
        const name = dayName(Number(day));
        // One that the day's list had no room for is counted, and cannot be shown.
        if (index !== "-") byDay.set(name, [...(byDay.get(name) ?? []), index]);
      }
      const picks = [...byDay].map(([day, args]) => ({ script: PICK, keys: withRefunds(day), args }));
      const replies = picks.length === 0 ? [] : await run(picks);
      const entries = [...byDay].flatMap(([day, places], i) => {
        const [, lines, refunds] = read(Lined, replies[i]);
        return lines.flatMap((line, n) =>
          line === "" ? [] : [toEntry(line, day, Number(places[n]), refunds[n] === 1)],
        );
      });
      return { entries, total };
    },

    async doubts(limit) {
      const parts = pendingKeys(prefix).map((key) => ({
        script: PENDING,
        keys: [key],
        args: [String(limit)],
      }));
      const spends = (await run(parts)).flatMap((reply) => read(Strings, reply));
      if (spends.length === 0) return [];
      const records = spends.map((spend) => recordKey(prefix, spend));
      const [reply] = await run([{ script: DOUBTFUL, keys: records, args: [] }]);
      return toDoubts(reply, spends).sort((a, b) => a.since - b.since);
    },

    async *all(from, to) {
      for (const day of daysOf(from, to)) {
        for (let first = 0; ; first += PORTION) {
          const { entries } = await lines(day, first, first + PORTION - 1);
          if (entries.length > 0) yield entries;
          if (entries.length < PORTION) break;
        }
      }
    },
  };
}

function daysOf(from: string, to: string): string[] {
  const first = dayNumber(from);
  return Array.from({ length: Math.max(0, dayNumber(to) - first + 1) }, (_, i) => dayName(first + i));
}
