/** The shape of `pricing` on a route that sells credits. */
import * as z from "zod/mini";
import { DurationSchema } from "./limit-schema.ts";

export const CreditsSchema = z.strictObject({
  /** The price is of `calls` calls, made whenever the payer likes. */
  model: z.literal("credits"),
  /** How many calls a payment buys, the one that pays among them. */
  calls: z.int().check(z.minimum(1), z.maximum(1_000_000)),
  /** Routes with one group are paid together. Default: the route by itself. */
  group: z.optional(z.string()),
  /** How long credits last after the last payment. Default `"365d"`. */
  ttl: z.optional(DurationSchema),
});
