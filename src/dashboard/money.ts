/** Amounts as they are shown. */
import type { BookedAsset } from "../core/ledger.ts";
import { toDecimal } from "../core/money.ts";

/** A token on a network; amounts of two of them are never added up. */
export type Token = BookedAsset;

/** Tells tokens apart. */
export function tokenKey({ network, asset, symbol, decimals }: Token): string {
  return JSON.stringify([network, asset, symbol, decimals]);
}

/** Exact, without zeros that say nothing; atomic units where the decimals are not known. */
export function amountOf(amount: bigint, { decimals }: Pick<Token, "decimals">): string {
  if (!decimals) return String(amount);
  return toDecimal(amount, decimals).replace(/(\.\d\d\d*?)0+$/, "$1");
}
