/** What a metered route counts, and what each unit of it costs. Prices are exact; only the sum is rounded, once. */
import type { Decimal } from "./money.ts";

/** A price for so many units. */
export type Rate = { price: Decimal; per: bigint };

/** What a model's tokens cost, for `per` of them. */
export type TokenRates = {
  input: Decimal;
  output: Decimal;
  /** Input that was read from the upstream's cache, and input that was written to it. */
  cacheRead: Decimal;
  cacheWrite: Decimal;
  per: bigint;
};

/** How a call is charged by what it used: the sum of all that is given, and at most `max`. */
export type Usage = {
  /** What the client authorises: US dollars, exact in every accepted token. */
  max: Decimal;
  /** Tokens as the answer reports them: one set of rates, or by model, with the built-in table behind it. */
  tokens: { rates: TokenRates } | { models: Record<string, TokenRates> } | undefined;
  /** Bytes of the answer's body. */
  bytes: Rate | undefined;
  /** Seconds from the upstream's headers to the end of the body; a second that has begun counts. */
  seconds: Rate | undefined;
  /** What the upstream says in a header of the answer, in lower case; the client does not see it. */
  header: (Rate & { name: string }) | undefined;
  /** Added to every call that was served. */
  base: Decimal | undefined;
  /** The whole charge when what was used cannot be read. */
  unreadable: Decimal;
};
