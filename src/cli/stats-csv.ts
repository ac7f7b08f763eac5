/** Receipts as CSV (RFC 4180), portion by portion: how many there are does not matter to memory. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { stringify } from "csv-stringify/sync";
import type { Entry } from "../core/ledger.ts";
import { CommandError } from "./config-file.ts";
import { money } from "./stats-report.ts";

const COLUMNS = {
  settled: ({ settledAt }: Entry) => new Date(settledAt).toISOString(),
  ended: ({ endedAt }: Entry) => (endedAt === undefined ? "" : new Date(endedAt).toISOString()),
  status: ({ status }: Entry) => status,
  route: ({ route }: Entry) => route,
  amount: (entry: Entry) => money(entry.amount, entry),
  symbol: ({ symbol }: Entry) => symbol,
  network: ({ network }: Entry) => network,
  asset: ({ asset }: Entry) => asset,
  atomic: ({ amount }: Entry) => String(amount),
  payer: ({ payer }: Entry) => payer,
  transaction: ({ transaction }: Entry) => transaction,
  payment: ({ spend }: Entry) => spend,
};

/** The head of the table. */
export function csvHead(): string {
  return write([Object.keys(COLUMNS)]);
}

/** Lines of the table. A spreadsheet must not take what is in them for a formula. */
export function toCsv(entries: Entry[]): string {
  return write(entries.map((entry) => Object.values(COLUMNS).map((column) => column(entry))));
}

function write(rows: string[][]): string {
  return stringify(rows, { escape_formulas: true, record_delimiter: "windows" });
}

/**
 * Writes them to a file, or to the output where none is named. Gives how many there were.
 * @throws CommandError when the file cannot be written
 */
export async function writeCsv(
  portions: AsyncIterable<Entry[]>,
  file: string | undefined,
  progress: (written: number) => void,
): Promise<number> {
  const out = file === undefined ? process.stdout : createWriteStream(file);
  const failed = new Promise<never>((_, reject) => {
    out.once("error", (error) => reject(new CommandError(`${file ?? "The output"}: ${error.message}.`)));
  });
  // Whoever waits for it hears of it.
  failed.catch(() => undefined);
  const put = async (text: string) => {
    if (!out.write(text)) await Promise.race([once(out, "drain"), failed]);
  };
  let written = 0;
  await put(csvHead());
  for await (const entries of portions) {
    await put(toCsv(entries));
    written += entries.length;
    progress(written);
  }
  if (file !== undefined) {
    out.end();
    await Promise.race([finished(out), failed]);
  }
  return written;
}
