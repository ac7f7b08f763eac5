/** The shapes of what is about watching the gateway: the log, the metrics, traces. */
import * as z from "zod/mini";
import { LOG_LEVELS } from "../core/observation.ts";

/** The log. */
export const LogSchema = z.strictObject({
  /** The least that is told. Default the variable `LOG_LEVEL`, or `info`. */
  level: z.optional(z.enum(LOG_LEVELS)),
});

/** Prometheus metrics. */
export const MetricsSchema = z.union(
  [
    z.boolean(),
    z.strictObject({
      /** Default true. */
      enabled: z.optional(z.boolean()),
      /** Default `/metrics`. */
      path: z.optional(z.string()),
      /** What whoever reads them must bring, `Authorization: Bearer`; 24 characters or more. Default none. */
      token: z.optional(z.string()),
    }),
  ],
  { error: "expected true, false, or { enabled, path, token }" },
);

/** Traces. */
export const TraceSchema = z.strictObject({
  /** Which share of the traces that begin at the gateway is sampled, 0 to 1. Default 1. */
  sample: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
});
