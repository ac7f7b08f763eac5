/** The shape of the page that people see on a 402. */
import * as z from "zod/mini";

/** `gateway.paywall`. */
export const PaywallSchema = z.union([
  z.boolean(),
  z.strictObject({
    /** Who sells. */
    name: z.optional(z.string().check(z.minLength(1), z.maxLength(80))),
    /** `data:image/png;base64,…`, at most 32,768 characters: it goes out with every page. */
    logo: z.optional(z.string().check(z.maxLength(32_768))),
    /** URL where visitors get tokens of a test network. */
    testnetFaucet: z.optional(z.string()),
    /** URL of the seller's terms. */
    terms: z.optional(z.string()),
  }),
]);
