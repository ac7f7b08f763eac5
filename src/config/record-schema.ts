/** The shapes of what a route's payment records hold beyond the payment. */
import * as z from "zod/mini";
import { DurationSchema } from "./limit-schema.ts";

/** Fields of a route and of `defaults`. */
export const RecordSchema = {
  /** A payment that the facilitator has called valid is not verified again for `ttl`. Default `false`. */
  verificationCache: z.optional(
    z.union([z.literal(false), z.strictObject({ ttl: DurationSchema })], {
      error: "expected { ttl } or false",
    }),
  ),
  /** Keeps delivered answers for the payments that bought them: `true`, or `{ ttl, maxBytes }`. Default `false`. */
  keepAnswer: z.optional(
    z.union(
      [
        z.boolean(),
        z.strictObject({
          /** Default `"10m"`. */
          ttl: z.optional(DurationSchema),
          /** Longest body that is kept. Default 65,536. */
          maxBytes: z.optional(z.int().check(z.minimum(1), z.maximum(524_288))),
        }),
      ],
      { error: "expected { ttl, maxBytes }, true or false" },
    ),
  ),
  /** Whether clients may name their payments: `off` (default), `optional` or `required`. */
  paymentIdentifier: z.optional(z.enum(["off", "optional", "required"])),
};
