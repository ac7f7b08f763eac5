/**
 * Prices of the original, which are read otherwise here. There, text without a point was a number of atomic units, with
 * or without a dollar sign, and what a token has no decimals for was cut off, down to nothing.
 */
import { isReference } from "./fields.ts";
import type { Ledger } from "./ledger.ts";

/** What the original took for a token's decimals. */
const DECIMALS: Record<string, number> = { USDC: 6, EURC: 6, USDT: 6, DAI: 18 };

/** What a price was there, written so that it is the same here; notes where that is not what it looks like. */
export function carryPrice(written: unknown, asset: string, path: string, ledger: Ledger): string {
  const text = String(written);
  const decimals = DECIMALS[asset.toUpperCase()] ?? 6;
  ledger.carried(path);
  if (isReference(text)) {
    const what =
      "the price comes from a variable: without a point the original took it for atomic units, here it is dollars";
    ledger.note(path, "money", what, 'set it like "$0.01"');
    return text;
  }
  const plain = text.replace(/^\$/, "").trim();
  if (/^\d+$/.test(plain)) return carryUnits(text, BigInt(plain), decimals, path, ledger);
  const [, whole = "", fraction = ""] = /^(\d*)\.(\d*)$/.exec(plain) ?? [];
  if (whole + fraction === "") {
    ledger.note(path, "money", `"${text}" was no price: the original failed on every such call`);
    return text;
  }
  const kept = fraction.slice(0, decimals);
  if (/[1-9]/.test(fraction.slice(decimals))) {
    const nothing = !/[1-9]/.test(whole + kept);
    const became = nothing ? "nothing: these calls were FREE, and are free here" : `$${whole || "0"}.${kept}`;
    const todo = nothing ? "write what you want to be paid" : undefined;
    ledger.note(path, "money", `the original cut "${text}" off to ${became}`, todo);
  }
  return /[1-9]/.test(whole + kept) ? `$${whole || "0"}.${kept || "0"}` : "$0";
}

function carryUnits(text: string, units: bigint, decimals: number, path: string, ledger: Ledger): string {
  if (units === 0n) return "$0";
  const digits = units.toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  const price = `$${digits.slice(0, -decimals)}${fraction ? `.${fraction}` : ""}`;
  const what = `the original read "${text}", which has no point, as atomic units: ${price}, and so it is written here`;
  ledger.note(path, "money", what, `write "$${units}.00" if you meant dollars`);
  return price;
}
