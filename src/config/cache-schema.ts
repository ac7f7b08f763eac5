/** The shape of `cache`. */
import * as z from "zod/mini";
import { DurationSchema } from "./limit-schema.ts";

const name = z.string();

/** Those whose meaning for a cache is known; of any other none may be kept (RFC 9111, 3). */
const KEPT_STATUSES = [200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501] as const;

const RulesSchema = z.strictObject({
  /** How long answers are fresh that do not say so themselves. Default none: such answers are not kept. */
  ttl: z.optional(DurationSchema),
  /** Longest time that any answer is fresh. Default `stores.responseCache.ttlSeconds`, or `"1d"`. */
  maxTtl: z.optional(DurationSchema),
  /** How long after that it may stand in for an upstream that fails, unless it says so itself, and be handed out while it is asked for anew, where its freshness is `ttl`. Default none. */
  maxStale: z.optional(DurationSchema),
  /** Default `["GET"]`, and `HEAD` with it. `POST` is told apart by its body, and kept only here. */
  methods: z.optional(z.array(z.enum(["GET", "HEAD", "POST"])).check(z.minLength(1))),
  /** Only answers with these statuses. Default those that RFC 9111 lets be kept. */
  statuses: z.optional(z.array(z.literal(KEPT_STATUSES)).check(z.minLength(1))),
  /** Request headers that tell answers apart, besides those in the answer's `Vary`. */
  vary: z.optional(z.array(name).check(z.maxLength(8))),
  /** Names of the query that tell answers apart; the upstream gets no others. Default the whole query. */
  queryKeys: z.optional(z.array(name).check(z.maxLength(64))),
  /** Longest body that is kept, bytes. Default 1,048,576. */
  maxBytes: z.optional(z.int().check(z.minimum(1), z.maximum(5_242_880))),
  /** What is charged for an answer that is kept: `"full"` (default), `"free"`, or a price. */
  charge: z.optional(z.string()),
  /** How long a call waits for another one that asks for the same: `"5s"` (default), or `false`. */
  wait: z.optional(z.union([z.literal(false), DurationSchema])),
  /** Long bodies are kept in the platform's cache near the isolate as well (Workers). Default `false`. */
  colo: z.optional(z.boolean()),
});

/** A route's cache: its rules, `true` for the defaults, or `false`. */
export const CacheSchema = z.union([z.boolean(), RulesSchema], {
  error: "expected { ttl, … }, true or false",
});

/** The rules, as written. */
export type RawCache = z.infer<typeof RulesSchema>;
