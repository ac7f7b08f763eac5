/** The shape of `pricing: { model: "usage" }`. All prices are US dollars, `"$0.01"`. */
import * as z from "zod/mini";

const per = z.optional(z.int().check(z.minimum(1), z.maximum(1_000_000_000_000)));

const rates = {
  input: z.string(),
  output: z.string(),
  /** Input that was read from the upstream's cache. Default `input`. */
  cacheRead: z.optional(z.string()),
  /** Input that was written to the upstream's cache. Default `input`. */
  cacheWrite: z.optional(z.string()),
};

/** What is counted, and what a unit of it costs: at least one of `tokens`, `bytes`, `seconds` and `header`. */
export const UsagePricingSchema = z.strictObject({
  model: z.literal("usage"),
  /** What a client authorises, and the most that is charged. */
  max: z.string(),
  /** Tokens as the answer reports them: `input` and `output` for every model, or by `models`. */
  tokens: z.optional(
    z.strictObject({
      ...rates,
      input: z.optional(rates.input),
      output: z.optional(rates.output),
      /** Name of a model, or a glob → its rates. Models that are not in it have those of the built-in table. */
      models: z.optional(z.record(z.string(), z.strictObject(rates))),
      /** So many tokens the rates written here are for. Default 1,000,000. */
      per,
    }),
  ),
  /** Bytes of the answer's body; `per` 1,000,000 by default. */
  bytes: z.optional(z.strictObject({ price: z.string(), per })),
  /** Seconds from the upstream's headers to the end of the body, begun ones included; `per` 1 by default. */
  seconds: z.optional(z.strictObject({ price: z.string(), per })),
  /** A header of the answer with a non-negative decimal, which the client does not see; `per` 1 by default. */
  header: z.optional(z.strictObject({ name: z.string(), price: z.string(), per })),
  /** Added to every call that was served. */
  base: z.optional(z.string()),
  /** The charge when what was used cannot be read: `max` (default), `none`, or a price. */
  unreadable: z.optional(z.string()),
});

/** The pricing of a metered route, as written. */
export type RawUsage = z.infer<typeof UsagePricingSchema>;
