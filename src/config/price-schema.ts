/** The shapes of prices: fixed, by rules over the request, by model, by the seller's own function. */
import * as z from "zod/mini";
import type { PriceFunction } from "../core/pricing.ts";
import { DurationSchema } from "./limit-schema.ts";

const PayToSchema = z.union(
  [
    z.string(),
    z.record(z.string(), z.string()),
    z.array(z.strictObject({ address: z.string(), share: z.number() })),
  ],
  { error: 'expected an address, or { base: "0x…" }' },
);

const MatchSchema = z.strictObject({
  /** `body.a.b[0]`, `query.a`, `headers.a`, `params.a` → a value, or a glob (`"claude-opus-*"`). All of them must hold. */
  where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** As a route's `price`. */
  price: z.string(),
  /** Who receives it. Default: the route's. */
  payTo: z.optional(PayToSchema),
});

const tokens = z.int().check(z.minimum(0), z.maximum(10_000_000));

/** Fields of a route. */
export const PriceSchema = {
  /** US dollars, `"$0.01"`, or an amount of one token, `"0.01 USDT"`; `"$0"` is free; or a function. Default `defaults.price`. */
  price: z.optional(
    z.union(
      [z.string(), z.custom<PriceFunction>((value) => typeof value === "function", "expected a function")],
      { error: 'expected "$0.01", or a function' },
    ),
  ),
  /** Prices by what is in the request: the first rule that fits. */
  match: z.optional(z.array(MatchSchema).check(z.minLength(1))),
  /** Price where no rule fits and no model is known. Default `defaults.price` with `match`, none with `type: "token-based"`. */
  fallback: z.optional(z.string()),
  /** `token-based`: by the `model` in the JSON body. `openai-compatible` is another name for it. */
  type: z.optional(z.enum(["token-based", "openai-compatible"])),
  /** Model, or a glob over models → price of a call, before the built-in table. */
  models: z.optional(z.record(z.string(), z.string())),
  /** Tokens of one call that the built-in table's prices are taken for. Default 1,000 of each. */
  assumedTokens: z.optional(z.strictObject({ input: z.optional(tokens), output: z.optional(tokens) })),
  /** Who receives what is paid. Default `wallets`. */
  payTo: z.optional(PayToSchema),
  /** How long a quote holds, where a price function gives other prices at other times, `"5m"`. */
  quoteTtl: z.optional(DurationSchema),
  /** `json` (default where the price may depend on it): read before there is a price. `stream`: a price function does without. */
  body: z.optional(z.enum(["json", "stream"])),
  /** Longest body that is read here, bytes. Default `defaults.maxBodyBytes`, or 1,048,576. */
  maxBodyBytes: z.optional(z.int().check(z.minimum(1), z.maximum(100_000_000))),
};

/** A route's or rule's `payTo` as it is written. */
export type RawPayTo = z.infer<typeof PayToSchema>;
