/** The shape of an upstream. */
import * as z from "zod/mini";

/** A wait, in seconds. */
export const SecondsSchema = z.number().check(z.positive(), z.maximum(86_400));

/** A service calls are forwarded to. */
export const UpstreamSchema = z.strictObject({
  /** Base URL; its path is put before every forwarded path. */
  url: z.string(),
  /** Headers set on every forwarded request, e.g. the upstream's API key: `{ authorization: "Bearer ${API_KEY}" }`. */
  headers: z.optional(z.record(z.string(), z.string())),
  /** Longest wait for the response headers, seconds. Default `gateway.timeouts.upstream`. */
  timeout: z.optional(SecondsSchema),
  /** Whether the client's cookies go to this upstream. Default false: they belong to the gateway's domain. */
  cookies: z.optional(z.boolean()),
});
