/** What a model costs: as the configuration says, or by the built-in table. */
import { isMatch } from "matcher";
import { MODEL_PRICES } from "./model-prices.ts";
import { parseDecimal } from "./money.ts";
import type { TokenRates } from "./usage.ts";

let table: Map<string, TokenRates> | undefined;

/** The entry that is meant by a model's name: the very name, else the first glob that matches, whatever the case. */
export function overrideOf<T>(name: string, overrides: Record<string, T>): T | undefined {
  if (Object.hasOwn(overrides, name)) return overrides[name];
  const glob = Object.keys(overrides).find((pattern) => isMatch(name, pattern));
  return glob === undefined ? undefined : overrides[glob];
}

/** A model's rates; undefined for one that nobody has said a price for. */
export function priceOfModel(name: string, overrides: Record<string, TokenRates>): TokenRates | undefined {
  table ??= new Map(MODEL_PRICES.trim().split("\n").map(readLine));
  return overrideOf(name, overrides) ?? table.get(name);
}

function readLine(line: string): [string, TokenRates] {
  const [name = "", ...prices] = line.split(" ");
  const [input, output, cacheRead, cacheWrite] = prices.map(parseDecimal);
  if (!input || !output) throw new Error(`the model price table has no price for ${name}`);
  return [
    name,
    { input, output, cacheRead: cacheRead ?? input, cacheWrite: cacheWrite ?? input, per: 1_000_000n },
  ];
}
