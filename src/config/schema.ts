/**
 * The shape of `tollbooth.config.ts`. Strict: an unknown key is a fault, because a setting that is accepted and ignored
 * is worse than one that is refused. What a shape is worth (does the upstream exist, can the price be paid) is checked
 * in `load.ts`.
 */
import * as z from "zod/mini";
import { AcceptSchema } from "./accept-schema.ts";
import { RequestBytesSchema } from "./arrival-schema.ts";
import { CacheSchema } from "./cache-schema.ts";
import { CreditsSchema } from "./credit-schema.ts";
import { GatewaySchema } from "./gateway-schema.ts";
import { HooksSchema } from "./hook-schema.ts";
import { DurationSchema, OnStoreErrorSchema, RateLimitSchema } from "./limit-schema.ts";
import { MaintenanceSchema } from "./maintenance.ts";
import { MetadataSchema } from "./metadata-schema.ts";
import { PriceSchema } from "./price-schema.ts";
import { RecordSchema } from "./record-schema.ts";
import { StoresSchema } from "./store-schema.ts";
import { HeaderChangeSchema, SecondsSchema as seconds, UpstreamSchema } from "./upstream-schema.ts";
import { UsagePricingSchema } from "./usage-schema.ts";

const SettlementSchema = z.enum(["before-response", "after-response"]);

const SettleBelowSchema = z.int().check(z.minimum(300), z.maximum(500));

const PricingSchema = z.union(
  [
    z.strictObject({ model: z.literal("request") }),
    z.strictObject({
      /** `request` (default): the price is of one call. `time`: of as many as fit into `duration`. */
      model: z.literal("time"),
      /** Paid time, `"15m"`. Default `stores.timeSession.ttlSeconds`. */
      duration: z.optional(DurationSchema),
      /** Routes with one group are paid together. Default: the route by itself. */
      group: z.optional(z.string()),
    }),
    CreditsSchema,
    UsagePricingSchema,
  ],
  { error: 'expected { model: "request" }, or "time" with duration, "credits" with calls, "usage" with max' },
);

const RouteSchema = z.strictObject({
  /** A key of `upstreams`. */
  upstream: z.string(),
  /**
   * Forwarded path when it differs: `"/v1/items/${params.id}"`, `"/search?q=${query.q}"`, `"/files/*"`.
   * With a query of its own it replaces the client's.
   */
  path: z.optional(z.string()),
  ...PriceSchema,
  /** Changed in forwarded requests, over what the upstream's `headers` set. */
  requestHeaders: z.optional(HeaderChangeSchema),
  /** Changed in the upstream's answers, over what the upstream's own `responseHeaders` change. */
  responseHeaders: z.optional(HeaderChangeSchema),
  /** Closed for a while; takes the place of the gateway's `maintenance`, also when it is `false`. */
  maintenance: z.optional(MaintenanceSchema),
  /** What the price is for: one call, time, or many calls; or what a call costs by what it uses. */
  pricing: z.optional(PricingSchema),
  /** `before-response` (default): the money moves before the upstream is asked. `after-response`: once it has answered. */
  settlement: z.optional(SettlementSchema),
  /** Answers with this status or a higher one are not charged, or stay owed. Default `defaults.settleBelow`, or 500. */
  settleBelow: z.optional(SettleBelowSchema),
  /** How long a signed payment may stay valid, whole seconds. Default `defaults.timeout`. */
  timeout: z.optional(seconds.check(z.int())),
  /** How many calls one client may make: one limit, several, or `false` for none. Default `defaults.rateLimit`. */
  rateLimit: z.optional(RateLimitSchema),
  /** `deny` (default) answers 503 while the store of the rate limits is away, `allow` lets calls through. Payments are refused in any case. */
  onStoreError: z.optional(OnStoreErrorSchema),
  /** Answers are kept for everybody who asks the same: `true`, or how. Default `defaults.cache`. */
  cache: z.optional(CacheSchema),
  /** Longest body of a request, bytes, also of one that streams on; `false` any. Default `gateway.limits.bodyBytes`. */
  maxRequestBytes: z.optional(z.union([RequestBytesSchema, z.literal(false)])),
  /** Functions that take the place of the global ones of their names. */
  hooks: z.optional(HooksSchema),
  /** What is told of it where the gateway shows what it sells, and in its 402. */
  metadata: z.optional(MetadataSchema),
  ...RecordSchema,
});

/** The whole configuration. */
export const ConfigSchema = z.strictObject({
  gateway: z.optional(GatewaySchema),
  /** Network (`base` or `eip155:8453`) → address that receives the payments. */
  wallets: z.optional(z.record(z.string(), z.string())),
  /** What can be paid with, in order of preference. */
  accepts: z.optional(z.array(AcceptSchema)),
  defaults: z.optional(
    z.strictObject({
      /** Price of routes that have none of their own. */
      price: z.optional(z.string()),
      maxBodyBytes: PriceSchema.maxBodyBytes,
      /** Whole seconds a signed payment may stay valid. Default 60. */
      timeout: z.optional(seconds.check(z.int())),
      settlement: z.optional(SettlementSchema),
      settleBelow: z.optional(SettleBelowSchema),
      /** For every route that has none of its own; each route counts for itself. */
      rateLimit: z.optional(RateLimitSchema),
      onStoreError: z.optional(OnStoreErrorSchema),
      /** For every `GET` route that has none of its own. */
      cache: z.optional(CacheSchema),
      ...RecordSchema,
    }),
  ),
  /** Who checks and settles: a URL, or `{ default, chains: { base: URL } }`. */
  facilitator: z.optional(
    z.union(
      [
        z.string(),
        z.strictObject({
          default: z.optional(z.string()),
          chains: z.optional(z.record(z.string(), z.string())),
        }),
      ],
      { error: "expected a URL, or { default, chains }" },
    ),
  ),
  /** Network → JSON-RPC URL of a node: it can tell what became of a payment whose settlement was not seen to end. */
  rpc: z.optional(z.record(z.string(), z.string())),
  upstreams: z.record(z.string(), UpstreamSchema),
  /** Closes every route for a while, but for those that say otherwise: 503 `maintenance`, nothing asked, nothing charged. */
  maintenance: z.optional(MaintenanceSchema),
  /** Functions of yours that are called on the way of every call. */
  hooks: z.optional(HooksSchema),
  /** `"METHOD /path"` → what is sold there. Paths take `:param` and a last `*`; the method `*` is any. */
  routes: z.record(z.string(), RouteSchema),
  stores: z.optional(StoresSchema),
});

/** The configuration as checked for shape, before anything is looked up. */
export type RawConfig = z.infer<typeof ConfigSchema>;
