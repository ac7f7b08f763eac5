/** The shape of `gateway`: what is about the gateway itself, and not about what it sells. */
import * as z from "zod/mini";
import { CorsSchema, RequestLimitsSchema } from "./arrival-schema.ts";
import { DurationSchema } from "./limit-schema.ts";
import { LogSchema, MetricsSchema, TraceSchema } from "./observing-schema.ts";
import { PaywallSchema } from "./paywall-schema.ts";
import { TrustProxySchema } from "./proxy-schema.ts";
import { GatewayRedisSchema } from "./store-schema.ts";
import { SecondsSchema as seconds, UpstreamTimeoutSchema } from "./upstream-schema.ts";

/** `gateway`. */
export const GatewaySchema = z.strictObject({
  /** Shows what is sold at `/.well-known/x402`, `/.well-known/openapi.json` and `/llms.txt`. Default `true`. */
  discovery: z.optional(
    z.union(
      [
        z.boolean(),
        z.strictObject({
          /** What the gateway calls itself there. Default its host. */
          title: z.optional(z.string().check(z.minLength(1), z.maxLength(120))),
          description: z.optional(z.string().check(z.maxLength(2000))),
        }),
      ],
      { error: "expected true, false, or { title, description }" },
    ),
  ),
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
  /** The page that people see on a 402: `false`, or how the seller presents itself. Default `true`. */
  paywall: z.optional(PaywallSchema),
  /** The longest requests that are looked at. */
  limits: z.optional(RequestLimitsSchema),
  /** Serves `/health` and `/ready`. Default true. */
  health: z.optional(z.boolean()),
  /** Lets whoever has the token (24 characters or more) order a purge (`POST /__tollbooth/cache/purge`), see `/__tollbooth` and all of `/ready`. */
  admin: z.optional(z.strictObject({ token: z.string() })),
  /** The log. */
  log: z.optional(LogSchema),
  /** Prometheus metrics, added up over all instances: `true`, or `{ path, token }`. Default false. */
  metrics: z.optional(MetricsSchema),
  /** Answers tell how long the store, the facilitator and the upstream took. Default false. */
  serverTiming: z.optional(z.boolean()),
  /** Traces that begin here. */
  trace: z.optional(TraceSchema),
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
