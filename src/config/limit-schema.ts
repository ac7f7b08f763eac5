/** The shape of `rateLimit`. */
import * as z from "zod/mini";
import type { LimitContext } from "../core/limit.ts";

/** `"90s"`, `"15m"`, `"1h"`, `"7d"`, or seconds. */
export const DurationSchema = z.union([z.string(), z.number()], {
  error: 'expected a duration like "90s", "15m", "1h" or "7d"',
});

const KeySchema = z.union(
  [
    z.enum(["address", "payer"]),
    z.custom<(context: LimitContext) => string | undefined>((value) => typeof value === "function"),
    z.strictObject({
      /** A request header whose value names the client. */
      header: z.optional(z.string()),
      /** A cookie whose value names the client. */
      cookie: z.optional(z.string()),
    }),
  ],
  { error: 'expected "address", "payer", { header }, { cookie } or a function' },
);

const OneLimitSchema = z.strictObject({
  /** Name in the `RateLimit` fields and in keys. Default `default`, then `default-2`, … */
  name: z.optional(z.string()),
  /** How many calls a window takes. */
  requests: z.int().check(z.positive(), z.maximum(1_000_000_000)),
  /** `"1m"`. Default `stores.rateLimit.ttlSeconds`. */
  window: z.optional(DurationSchema),
  /** `sliding-window` (default), `fixed-window` or `token-bucket`. */
  algorithm: z.optional(z.enum(["sliding-window", "fixed-window", "token-bucket"])),
  /** `token-bucket`: how many calls may come at once. Default `requests`. */
  burst: z.optional(z.int().check(z.positive(), z.maximum(1_000_000_000))),
  /** Who is counted: `address` (default), `payer`, `{ header }`, `{ cookie }`, or a function. */
  key: z.optional(KeySchema),
  /** Shuts a client out: `for` so long, `after` so many refused calls `within` a time (default: the same). */
  ban: z.optional(
    z.strictObject({
      after: z.int().check(z.positive(), z.maximum(1_000_000)),
      for: DurationSchema,
      within: z.optional(DurationSchema),
    }),
  ),
});

/** One limit, several, or none. */
export const RateLimitSchema = z.union(
  [z.literal(false), z.array(OneLimitSchema).check(z.maxLength(8)), OneLimitSchema],
  { error: "expected { requests, window }, a list of these, or false" },
);

/** `deny` (default) or `allow`. */
export const OnStoreErrorSchema = z.enum(["deny", "allow"]);

/** One limit, as written. */
export type RawLimit = z.infer<typeof OneLimitSchema>;
