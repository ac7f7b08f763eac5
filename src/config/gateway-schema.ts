/** The shape of `gateway`: what is about the gateway itself, and not about what it sells. */
import * as z from "zod/mini";
import { CorsSchema, RequestLimitsSchema } from "./arrival-schema.ts";
import { DurationSchema } from "./limit-schema.ts";
import { TrustProxySchema } from "./proxy-schema.ts";
import { GatewayRedisSchema } from "./store-schema.ts";
import { SecondsSchema as seconds, UpstreamTimeoutSchema } from "./upstream-schema.ts";

/** `gateway`. */
export const GatewaySchema = z.strictObject({
  /** Discovery endpoints; not available yet, so only `false`. */
  discovery: z.optional(z.literal(false)),
  /** Longest waits, seconds. Defaults: `redis` 2, `facilitator` 20, `upstream` 60. */
  timeouts: z.optional(
    z.strictObject({
      redis: z.optional(seconds),
      facilitator: z.optional(seconds),
      upstream: z.optional(UpstreamTimeoutSchema),
      /** Refused, as are `read` and `idle`: clients' connections are the platform's. */
      write: z.optional(z.number()),
      read: z.optional(z.number()),
      idle: z.optional(z.number()),
    }),
  ),
  /** Pages of other origins: `true` lets any of them call and pay. Default `false`. */
  cors: z.optional(CorsSchema),
  /** The longest requests that are looked at. */
  limits: z.optional(RequestLimitsSchema),
  /** Lets whoever has the token (24 characters or more) order a purge, and see `/__tollbooth`. */
  admin: z.optional(z.strictObject({ token: z.string() })),
  /** Keeps the receipts of all payments for `retention` (default `"90d"`) beside the payment records; `false` keeps none. */
  ledger: z.optional(
    z.union([z.literal(false), z.strictObject({ retention: z.optional(DurationSchema) })], {
      error: "expected { retention } or false",
    }),
  ),
  /** Proxies in front of the gateway that are believed when they say who the client is. Default false. */
  trustProxy: z.optional(TrustProxySchema),
  /** The shared store in Goma Gateway's form; `stores.redis` is ours. */
  redis: z.optional(GatewayRedisSchema),
});
