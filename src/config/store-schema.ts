/**
 * The shapes of `stores` and of `gateway.redis`: ours, and those that people bring along (a planned form of another
 * gateway with `provider` and `keyPrefix`, host and port, `addr`). What is refused with a reason is let through here
 * and refused in `stores.ts` and `store-address.ts`, so that all faults of a configuration come out together.
 */
import * as z from "zod/mini";

/** Only `redis`; `memory` is refused. */
const BackendSchema = z.enum(["redis", "memory"]);

/** Where a store is: a URL and its token, or the host of an Upstash database and its password. */
const RedisSchema = z.strictObject({
  /** Upstash REST URL (`https://…`) or that of `tollbooth redis-bridge`; `rediss://default:PASSWORD@HOST:PORT` of an Upstash database is turned into it. */
  url: z.optional(z.string()),
  /** Token of the REST API. */
  token: z.optional(z.string()),
  /** Host of an Upstash database, in place of `url`. */
  host: z.optional(z.string()),
  /** With `host`; not used over HTTP. */
  port: z.optional(z.int().check(z.minimum(1), z.maximum(65_535))),
  /** With `host`: the token. */
  password: z.optional(z.string()),
  /** With `host`; the gateway speaks TLS in any case, so `false` is refused. */
  tls: z.optional(z.boolean()),
  /** Only 0. */
  db: z.optional(z.int().check(z.minimum(0))),
  /** First part of every key. Default `tollbooth`. */
  prefix: z.optional(z.string()),
  /** The same as `prefix`. */
  keyPrefix: z.optional(z.string()),
});

/** What differs for one store. */
const StoreSchema = z.strictObject({
  backend: z.optional(BackendSchema),
  /** The same as `backend`. */
  provider: z.optional(BackendSchema),
  redis: z.optional(RedisSchema),
  /** The same as `redis.url`. */
  url: z.optional(z.string()),
  /** The same as `redis.token`. */
  token: z.optional(z.string()),
  /** The same as `redis.prefix`. */
  keyPrefix: z.optional(z.string()),
  /** How long its records are kept, seconds; for payments a floor, never a ceiling. */
  ttlSeconds: z.optional(z.int().check(z.positive(), z.maximum(31_536_000))),
});

/** `stores`: what all share, and what differs for each. */
export const StoresSchema = z.strictObject({
  provider: z.optional(BackendSchema),
  redis: z.optional(RedisSchema),
  /** The same as `redis.prefix`. */
  keyPrefix: z.optional(z.string()),
  rateLimit: z.optional(StoreSchema),
  /** The same as `rateLimit`. */
  rateLimits: z.optional(StoreSchema),
  /** The payment records. */
  verificationCache: z.optional(StoreSchema),
  timeSession: z.optional(StoreSchema),
  /** The same as `timeSession`. */
  sessions: z.optional(StoreSchema),
  responseCache: z.optional(StoreSchema),
});

/** `gateway.redis`: the shared store as Goma Gateway writes it. */
export const GatewayRedisSchema = z.strictObject({
  /** `host:port` of an Upstash database. */
  addr: z.string(),
  password: z.optional(z.string()),
  /** Only 0. */
  db: z.optional(z.int().check(z.minimum(0))),
  /** Only `false`: `tollbooth flush` is for that. */
  flushOnStartup: z.optional(z.boolean()),
});

/** A store's address and prefix, as written. */
export type RawRedis = z.infer<typeof RedisSchema>;

/** What differs for one store, as written. */
export type RawStore = z.infer<typeof StoreSchema>;
