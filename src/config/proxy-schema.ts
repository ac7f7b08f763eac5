/** The shape of `gateway.trustProxy`. */
import * as z from "zod/mini";

/** More would be a mistake: the walk along the list ends after so many. */
const HopsSchema = z.int().check(z.minimum(1), z.maximum(32));

/** Which proxies are believed: none, whoever speaks, so many, or those that are named. */
export const TrustProxySchema = z.union(
  [
    z.boolean(),
    HopsSchema,
    z.strictObject({
      /** How many proxies stand in front of the gateway, at most. */
      hops: z.optional(HopsSchema),
      /** Where they are: `"10.0.0.0/8"`, `"2001:db8::/32"`, an address, `loopback`, `linklocal`, `private`. */
      cidrs: z.optional(z.array(z.string()).check(z.minLength(1), z.maxLength(1000))),
      /** The field that they write addresses to. Default `x-forwarded-for`. */
      header: z.optional(z.enum(["x-forwarded-for", "forwarded"])),
      /** Whether they say which host was asked for, over what a client says. Default false. */
      host: z.optional(z.boolean()),
    }),
  ],
  { error: "expected true, false, a number of proxies from 1 to 32, or { hops, cidrs, header, host }" },
);
