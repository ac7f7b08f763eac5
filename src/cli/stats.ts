/** `tollbooth stats`: what was earned, from the ledger that the gateways keep. */
import { styleText } from "node:util";
import { type Command, Option } from "commander";
import type { Compiled } from "../core/compiled.ts";
import type { Ledger } from "../core/ledger.ts";
import { openStores } from "../stores/stores.ts";
import { onStores, readCompiled } from "./compiled.ts";
import { CommandError, type ConfigOptions, configured } from "./config-file.ts";
import { writeCsv } from "./stats-csv.ts";
import { type By, entryLines, type Row, rowLines, toRows } from "./stats-report.ts";

type Range = { from?: string; to?: string };
type Options = ConfigOptions & Range & { by?: By; csv?: string | true; json?: boolean; owed?: boolean };

const DAY_MS = 86_400_000;
/** Days that are looked at unless told. */
const DEFAULT_DAYS = 30;
const MOST_DAYS = 3660;
/** What is owed or in doubt is shown up to so many. */
const SHOWN = 1000;

/** The command. */
export function statsCommand(): Command {
  return configured("stats")
    .description("what was earned: totals, by route, day, network or asset, and every receipt as CSV")
    .option("--from <date>", "first day, UTC, yyyy-mm-dd (default: 30 days with the last one)")
    .option("--to <date>", "last day (default: today)")
    .addOption(new Option("--by <what>", "one row for each").choices(["route", "day", "network", "asset"]))
    .addOption(new Option("--csv [file]", "write all receipts as CSV").conflicts(["by", "json", "owed"]))
    .addOption(
      new Option("--owed", "what was paid for and not delivered, and what is in doubt").conflicts("by"),
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tollbooth stats --by route --from 2026-11-01\n  tollbooth stats --csv november.csv --from 2026-11-01 --to 2026-11-30",
    )
    .action(async (options: Options) => {
      const compiled = await readCompiled(options);
      if (options.csv !== undefined) return exportAll(compiled, options, options.csv);
      if (options.owed) return print(await readOwed(compiled), options, owedLines);
      return print(await readStats(compiled, options), options, statsLines);
    });
}

/** What the ledger says of some days. */
export type Stats = { from: string; to: string; by?: By; rows: Row[] };

/** The sums of the days, by what was asked for. @throws CommandError */
export async function readStats(compiled: Compiled, options: Range & { by?: By }): Promise<Stats> {
  const { from, to } = rangeOf(options);
  const sums = await onStores(() => ledgerOf(compiled).sums(from, to));
  return { from, to, ...(options.by && { by: options.by }), rows: toRows(sums, options.by) };
}

type Owed = { total: number } & Pick<Awaited<ReturnType<Ledger["owed"]>>, "entries"> & {
    doubts: Awaited<ReturnType<Ledger["doubts"]>>;
  };

/** What was paid for and not delivered, and what is in doubt. @throws CommandError */
export async function readOwed(compiled: Compiled): Promise<Owed> {
  const ledger = ledgerOf(compiled);
  return onStores(async () => ({ ...(await ledger.owed(SHOWN)), doubts: await ledger.doubts(SHOWN) }));
}

async function exportAll(compiled: Compiled, options: Options, csv: string | true): Promise<void> {
  const { from, to } = rangeOf(options);
  const file = csv === true ? undefined : csv;
  const watched = process.stderr.isTTY === true && file !== undefined;
  const progress = (written: number) => watched && process.stderr.write(`\r${written} receipts …`);
  const written = await onStores(() => writeCsv(ledgerOf(compiled).all(from, to), file, progress));
  if (file !== undefined) console.error(`${watched ? "\r" : ""}${written} receipts in ${file}.`);
}

/** @throws CommandError */
function rangeOf({ from, to }: Range): { from: string; to: string } {
  const last = to === undefined ? Math.floor(Date.now() / DAY_MS) : toDay(to);
  const first = from === undefined ? last - DEFAULT_DAYS + 1 : toDay(from);
  if (first > last) throw new CommandError("--from is after --to.");
  if (last - first >= MOST_DAYS) throw new CommandError(`These are more than ${MOST_DAYS} days.`);
  return { from: toDate(first), to: toDate(last) };
}

function toDay(date: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || toDate(ms / DAY_MS) !== date)
    throw new CommandError(`"${date}" is not a date. Write it like 2026-11-21.`);
  return ms / DAY_MS;
}

function toDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** @throws CommandError */
function ledgerOf({ stores }: Compiled): Ledger {
  if (!stores.verificationCache)
    throw new CommandError("The configuration has no store, so there is no ledger.");
  if (stores.verificationCache.ledgerMs === undefined)
    console.error("gateway.ledger is false: what is shown, if anything, is from before.");
  return openStores(stores).ledger;
}

function print<T>(found: T, { json }: Options, lines: (found: T) => string[]): void {
  // What has no end in JSON is told in digits.
  const exact = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
  console.log(json ? JSON.stringify(found, exact, 2) : lines(found).join("\n"));
}

function statsLines({ from, to, by, rows }: Stats): string[] {
  const days = `${from} to ${to}`;
  if (rows.length === 0) return [`No receipts from ${days}.`];
  const [head = "", ...lines] = rowLines(rows, by);
  return [`Receipts from ${days}, UTC`, "", bold(head), ...lines];
}

function owedLines({ entries, total, doubts }: Owed): string[] {
  const [head = "", ...lines] = entryLines(entries);
  const more = total > entries.length ? [`… and ${total - entries.length} more`] : [];
  const owed =
    total === 0
      ? ["Nothing is owed."]
      : [`${total} paid and not delivered`, "", bold(head), ...lines, ...more];
  if (doubts.length === 0) return [...owed, "Nothing is in doubt."];
  const list = doubts.map(
    ({ since, route, reason, spend }) =>
      `${new Date(since).toISOString()}  ${route}  ${reason || "not seen to end"}  ${spend}`,
  );
  return [...owed, "", `${doubts.length} in doubt: tollbooth reconcile looks them up`, "", ...list];
}

function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}
