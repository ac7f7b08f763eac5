/** What a route's calls cost, as compiled: rules over what is in the request, a fixed price, or the seller's own function. */
import type { Decimal } from "./money.ts";
import type { Rejection } from "./reject.ts";

/** An amount of US dollars, or of one token; zero is free. */
export type Price = {
  amount: Decimal;
  /** Symbol of the only token that it can be paid in (`USDT`); undefined: dollars, in any accepted token. */
  symbol?: string;
};

/** A value of a request that rules look at. */
export type Read = {
  from: "body" | "query" | "headers" | "params";
  /** Names, array indexes, and `*` for every element of an array. */
  path: string[];
  /** JSON types that some rule compares it with; anything else in a body is refused. */
  types: Set<"string" | "number" | "boolean">;
};

/** One condition: `read` is an index into {@link Pricing.reads}; a string is a glob. */
export type Condition = { read: number; equals: string | number | boolean };

/** The price of calls that meet all conditions; `payTo` by CAIP-2 network in place of the route's. */
export type PriceRule = { where: Condition[]; price: Price; payTo: Record<string, string> };

/** What a price function is given. */
export type PriceInput<Params = Record<string, string>> = {
  /** Upper case. */
  method: string;
  url: URL;
  /** Decoded path parameters. */
  params: Params;
  /** The query; reading a name that is sent more than once answers 400, since the upstream may read another of them. */
  query: Record<string, string | undefined>;
  /** By lower-case name. */
  headers: Record<string, string | undefined>;
  /** The JSON body; undefined without one, or where the route says `body: "stream"`. Foreign input: check its shape. */
  body: unknown;
};

/** What a price function gives: `"$0.01"`, `0.01` (US dollars), `"0.10 USDT"`, `"$0"` for free, or a rejection. */
export type PriceResult = string | number | Rejection;

/** The seller's own price. Equal requests must get equal prices, unless the route has a `quoteTtl`. */
export type PriceFunction = (input: PriceInput) => PriceResult | Promise<PriceResult>;

/** Prices of a call by the model in its body: the seller's own, then the built-in table's for so many tokens. */
export type ModelPrices = {
  /** Names and globs. */
  own: Record<string, Price>;
  assumed: { input: number; output: number };
};

/** How the calls of a route are priced: the first rule that fits, or the model's price, else `otherwise`. */
export type Pricing = {
  reads: Read[];
  rules: PriceRule[];
  models: ModelPrices | undefined;
  /** Undefined where a model that is not known is refused. */
  otherwise: Price | PriceFunction | undefined;
  /** Whether the body is read, as JSON, before there is a price. */
  readsBody: boolean;
  /** How long a quote holds although the price may change, ms; 0: equal requests always get equal prices. */
  quoteTtlMs: number;
};

/** True when every call costs the same. */
export function isFixed({ rules, models, otherwise }: Pricing): boolean {
  return rules.length === 0 && !models && typeof otherwise !== "function";
}
