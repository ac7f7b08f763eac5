/** Exact money: decimal text in, atomic token units out, never a float in between. */

import type { Price } from "./pricing.ts";

/** A non-negative decimal number: `digits` divided by ten to the power of `scale`. */
export type Decimal = { digits: bigint; scale: number };

const DECIMAL = /^(\d{1,30})(?:\.(\d{1,30}))?$/;
const PRICE = /^(?:\$(\S+)|([\d.]+)(?: ([A-Za-z][A-Za-z0-9.]{0,15}))?)$/;

/** Reads `"0.01"`; undefined for anything else, exponents and signs included. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, whole = "", fraction = ""] = match;
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

/** Reads `"$0.01"`, `"0.01"`, `"0.01 USD"` (US dollars) or `"0.01 USDT"` (that token); undefined for anything else. */
export function parsePrice(text: string): Price | undefined {
  const [, dollars, plain = "", symbol = "USD"] = PRICE.exec(text.trim()) ?? [];
  const amount = parseDecimal(dollars ?? plain);
  if (!amount) return undefined;
  return symbol.toUpperCase() === "USD" ? { amount } : { amount, symbol };
}

/**
 * The price in atomic units of a token with that many decimals, or undefined when it cannot be said exactly
 * (`"$0.0000001"` in a token of 6 decimals).
 */
export function toAtomic(price: Decimal, decimals: number): bigint | undefined {
  if (price.scale <= decimals) return price.digits * 10n ** BigInt(decimals - price.scale);
  const divisor = 10n ** BigInt(price.scale - decimals);
  return price.digits % divisor === 0n ? price.digits / divisor : undefined;
}

/** Atomic units as an exact decimal, with every digit that the token has: `"0.010000"`. */
export function toDecimal(atomic: bigint, decimals: number): string {
  const digits = atomic.toString().padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The least amount that can be said with so many decimals and is not below this one. */
export function roundUp({ digits, scale }: Decimal, decimals: number): Decimal {
  if (scale <= decimals) return { digits, scale };
  const divisor = 10n ** BigInt(scale - decimals);
  return { digits: (digits + divisor - 1n) / divisor, scale: decimals };
}

/** True when the first price is above the second; undefined is free. */
export function isDearer(a: Decimal | undefined, b: Decimal | undefined): boolean {
  if (!a) return false;
  if (!b) return true;
  return a.digits * 10n ** BigInt(b.scale) > b.digits * 10n ** BigInt(a.scale);
}

/** As text, with two digits behind the point or as many as it takes: `0.01`, `1.00`, `0.0005`. */
export function formatDecimal({ digits, scale }: Decimal): string {
  const text = String(digits).padStart(scale + 1, "0");
  const [whole, fraction] = [text.slice(0, text.length - scale), text.slice(text.length - scale)];
  return `${whole}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
}
