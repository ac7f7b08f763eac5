/** What `tollbooth stats` tells: the ledger's sums, by whatever was asked for. Money of two tokens is never added up. */
import type { BookedAsset, Entry, Sum } from "../core/ledger.ts";
import { toDecimal } from "../core/money.ts";

/** What rows are by. */
export type By = "route" | "day" | "network" | "asset";

/** One row: all receipts of a token on a network, by what was asked for. */
export type Row = {
  /** The route, day, network or token that it is of; none for totals. */
  name: string | undefined;
  network: string;
  asset: string;
  symbol: string;
  receipts: number;
  delivered: number;
  /** Used up by answers that broke off. */
  broken: number;
  owed: number;
  /** Exact, in whole tokens; in atomic units where their decimals are not known. */
  amount: string;
  /** The same in atomic units. */
  atomic: string;
};

const NAMES: Record<By, (sum: Sum) => string> = {
  route: ({ route }) => route,
  day: ({ day }) => day,
  network: ({ network }) => network,
  asset: ({ symbol, asset }) => (symbol === "-" ? asset : symbol),
};

/** Adds the sums up: days in turn, everything else with the most receipts first. */
export function toRows(sums: Sum[], by: By | undefined): Row[] {
  const added = new Map<string, Sum & { name: string | undefined }>();
  for (const sum of sums) {
    const name = by && NAMES[by](sum);
    const { network, asset, symbol, decimals } = sum;
    const key = JSON.stringify([name, network, asset, symbol, decimals]);
    const so = added.get(key);
    if (!so) added.set(key, { ...sum, name });
    else {
      so.receipts += sum.receipts;
      so.delivered += sum.delivered;
      so.broken += sum.broken;
      so.amount += sum.amount;
    }
  }
  const all = [...added.values()];
  const inTurn = (a: Sum, b: Sum) => (by === "day" ? a.day.localeCompare(b.day) : b.receipts - a.receipts);
  return all.sort(inTurn).map(toRow);
}

function toRow(sum: Sum & { name: string | undefined }): Row {
  const { name, network, asset, symbol, receipts, delivered, broken, amount } = sum;
  const counts = { receipts, delivered, broken, owed: receipts - delivered - broken };
  return { name, network, asset, symbol, ...counts, amount: money(amount, sum), atomic: String(amount) };
}

/** An amount as far as its token is known. */
export function money(amount: bigint, { decimals }: Pick<BookedAsset, "decimals">): string {
  return decimals === undefined ? String(amount) : toDecimal(amount, decimals);
}

/** The rows as lines of a table; the first is its head. */
export function rowLines(rows: Row[], by: By | undefined): string[] {
  const head = [
    ...(by ? [by] : []),
    "network",
    "token",
    "receipts",
    "delivered",
    "broken",
    "owed",
    "revenue",
  ];
  const cells = rows.map(({ name, network, symbol, receipts, delivered, broken, owed, amount }) => [
    ...(name === undefined ? [] : [name]),
    network,
    symbol,
    ...[receipts, delivered, broken, owed].map(String),
    amount,
  ]);
  return align([head.map((cell) => cell.toUpperCase()), ...cells], head.indexOf("receipts"));
}

/** Receipts as lines of a table; the first is its head. */
export function entryLines(entries: Entry[]): string[] {
  const head = ["PAID", "ROUTE", "AMOUNT", "TOKEN", "NETWORK", "TRANSACTION"];
  const cells = entries.map((entry) => [
    new Date(entry.settledAt).toISOString().replace(/\.\d+Z$/, "Z"),
    entry.route,
    money(entry.amount, entry),
    entry.symbol,
    entry.network,
    entry.transaction || "none",
  ]);
  return align([head, ...cells]);
}

/** Columns under each other; numbers, from that column on, to the right. */
function align(rows: string[][], numbersFrom = Number.POSITIVE_INFINITY): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (cell: string, i: number) =>
    i >= numbersFrom ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}
