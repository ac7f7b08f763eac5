/** Where the ledger is (`docs/storage.md`), and what a change of a payment's record brings along to be entered there. */
import { GatewayError } from "../core/errors.ts";
import { keyedHash } from "../core/hash.ts";
import type { Receipt } from "../core/x402.ts";
import { DAY_MS } from "./ledger-script.ts";

/** What a change brings along: the keys of a day, and what the script needs besides. */
export type Entering = { keys: string[]; args: string[] };

/** The ledger of a store, for those who write in it. Days are by their number since 1970; today's unless told. */
export type Book = { on: (receipt: Receipt | undefined, day?: number) => Promise<Entering> };

/** A UTC day as `yyyy-mm-dd`, by its number since 1970. */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The number of a day since 1970. */
export function dayNumber(name: string): number {
  return Math.floor(Date.parse(`${name}T00:00:00Z`) / DAY_MS);
}

/** The keys of a day's receipts, of its sums, and of all that is owed. */
export function ledgerKeys(prefix: string, day: number): { list: string; sums: string; owed: string } {
  const list = `${prefix}:ledger:${dayName(day)}`;
  return { list, sums: `${list}:sums`, owed: `${prefix}:ledger:owed` };
}

/** `secret` keeps payers' hashes from being guessed back into addresses; `keptMs`: how long receipts are kept. */
export function openBook(prefix: string, secret: string, keptMs: number): Book {
  return {
    async on(receipt, day = Math.floor(Date.now() / DAY_MS)) {
      const { list, sums, owed } = ledgerKeys(prefix, day);
      const payer = receipt ? await keyedHash(secret, `payer:${receipt.payer.toLowerCase()}`) : "-";
      return { keys: [list, sums, owed], args: [String(day), payer, String(keptMs)] };
    },
  };
}

/** No more days than these can end between a question and its answer. */
const ROUNDS = 3;

/**
 * Writes with today's keys, and again with those of another day where the script asks for it: the store's clock has another
 * day, or the receipt was entered on an earlier one. Gives what the script answers in the end.
 * @throws GatewayError `store_unavailable`
 */
export async function onItsDay(
  book: Book | undefined,
  receipt: Receipt | undefined,
  write: (entry: Entering) => Promise<number>,
): Promise<number> {
  if (!book) return write({ keys: [], args: [""] });
  let answer = await write(await book.on(receipt));
  for (let round = 1; answer > 1 && round < ROUNDS; round += 1)
    answer = await write(await book.on(receipt, answer));
  if (answer > 1) throw new GatewayError("store_unavailable", { cause: `the ledger's day is not ${answer}` });
  return answer;
}
