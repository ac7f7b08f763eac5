/** What of an answer is put on the bill: the upstream's own count in a header, and tokens. */
import { priceOfModel } from "../core/models.ts";
import { parseDecimal } from "../core/money.ts";
import type { TokenRates, Usage } from "../core/usage.ts";
import { type Item, whole } from "./amount.ts";
import type { AnswerReader } from "./answer.ts";
import { type Reading, type Tokens, tokensOf } from "./reading.ts";

/** What of the call the meter has to know. */
export type CallFacts = {
  /** The model that the call asks for. */
  model: string | undefined;
  /** Length of the request's body. */
  requestBytes: number;
};

/** Longest name of a model that is looked up. */
const LONGEST_NAME = 256;

/** The upstream's count; undefined when there is none, or not one that can be read. */
export function headerItem(
  { name, ...rate }: NonNullable<Usage["header"]>,
  headers: Headers,
): Item | undefined {
  const text = headers.get(name) ?? "";
  const count = text.startsWith("$") ? undefined : parseDecimal(text);
  return count && { count, rate };
}

/** The answer's tokens, once for each of the rates that may be meant; undefined when they cannot be read or priced. */
export function tokenItems(
  priced: NonNullable<Usage["tokens"]>,
  { model, requestBytes }: CallFacts,
  { reading, textBytes }: ReturnType<AnswerReader["end"]>,
  how: { complete: boolean; success: boolean },
): Item[][] | undefined {
  if (reading.broken) return undefined;
  const estimates = { input: quarter(requestBytes), output: quarter(textBytes) };
  const tokens = tokensOf(how.success ? completed(reading, estimates, how.complete) : reading.counts);
  const rates = "rates" in priced ? [priced.rates] : ratesOf([model, reading.model], priced.models);
  return tokens && rates.length > 0 ? rates.map((rate) => itemsOf(tokens, rate)) : undefined;
}

/** What was reported, and estimates for what would have been reported later; never of a complete answer's input. */
function completed(
  { counts, final }: Reading,
  estimates: { input: number; output: number },
  complete: boolean,
): Reading["counts"] {
  if (final) return counts;
  const input = counts.input ?? (complete ? undefined : estimates.input);
  const output = Math.max(counts.output ?? 0, estimates.output);
  return { ...counts, output, ...(input === undefined ? {} : { input }) };
}

function ratesOf(names: (string | undefined)[], models: Record<string, TokenRates>): TokenRates[] {
  return names.flatMap((name) => {
    if (name === undefined || name.length > LONGEST_NAME) return [];
    return priceOfModel(name, models) ?? [];
  });
}

function itemsOf(tokens: Tokens, { per, ...rates }: TokenRates): Item[] {
  return (["input", "output", "cacheRead", "cacheWrite"] as const).map((kind) => ({
    count: whole(tokens[kind]),
    rate: { price: rates[kind], per },
  }));
}

function quarter(bytes: number): number {
  return Math.ceil(bytes / 4);
}
