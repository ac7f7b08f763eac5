/** From counts to money: exact fractions, rounded up once, never above the maximum. */
import type { Decimal } from "../core/money.ts";
import type { Rate } from "../core/usage.ts";

/** So much of something at a rate. */
export type Item = { count: Decimal; rate: Rate };

/** The sum of the items in atomic units of a token with that many decimals. */
export function amountOf(items: Item[], max: Decimal, decimals: number): bigint {
  let [above, below] = [0n, 1n];
  for (const { count, rate } of items) {
    const divisor = rate.per * 10n ** BigInt(count.scale + rate.price.scale);
    above = above * divisor + count.digits * rate.price.digits * below;
    below *= divisor;
  }
  const units = (above * 10n ** BigInt(decimals) + below - 1n) / below;
  // The configuration makes sure that the maximum is a whole number of units.
  const most = (max.digits * 10n ** BigInt(decimals)) / 10n ** BigInt(max.scale);
  return units < most ? units : most;
}

/** A whole number of something. */
export function whole(count: number): Decimal {
  return { digits: BigInt(count), scale: 0 };
}

/** An amount that does not depend on a count. */
export function once(price: Decimal): Item {
  return { count: whole(1), rate: { price, per: 1n } };
}
