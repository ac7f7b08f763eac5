/** The shape of an upstream. */
import * as z from "zod/mini";
import { isService, type Service } from "../core/upstream.ts";
import { DurationSchema } from "./limit-schema.ts";
import { OpenApiSchema } from "./openapi-schema.ts";

/** A wait, in seconds. */
export const SecondsSchema = z.number().check(z.positive(), z.maximum(86_400));

/** Seconds until the headers, or three waits. */
export const UpstreamTimeoutSchema = z.union(
  [
    SecondsSchema,
    z.strictObject({
      /** Longest wait of one attempt for the response headers, seconds. Default 60. */
      headers: z.optional(SecondsSchema),
      /** Longest silence between two chunks of the answer, seconds. Default: no end. */
      idle: z.optional(SecondsSchema),
      /** Longest exchange, from the first attempt to the last byte, seconds. Default: no end. */
      total: z.optional(SecondsSchema),
    }),
  ],
  { error: "expected seconds, or { headers, idle, total }" },
);

const HeadersSchema = z.record(z.string(), z.string());

/** Header fields to be set and to be taken away. */
export const HeaderChangeSchema = z.strictObject({
  set: z.optional(HeadersSchema),
  remove: z.optional(z.array(z.string()).check(z.maxLength(32))),
});

const ServiceSchema = z.union([z.string(), z.custom<Service>(isService)], {
  error: "expected the name of a service binding, or the binding",
});

const Place = {
  /** Base URL; its path is put before every forwarded path. Beside `service`: what the service sees as its URL. */
  url: z.optional(z.string()),
  /** A service binding of Workers, or its name, in place of the network. */
  service: z.optional(ServiceSchema),
  /** Headers set on every forwarded request, e.g. the upstream's API key: `{ authorization: "Bearer ${API_KEY}" }`. */
  headers: z.optional(HeadersSchema),
};

const TargetSchema = z.strictObject({
  ...Place,
  /** How often it is chosen, beside the others' weights. Default 1. */
  weight: z.optional(z.int().check(z.positive(), z.maximum(1000))),
});

const RetriesSchema = z.strictObject({
  /** Attempts in all, the first one included. */
  attempts: z.int().check(z.positive(), z.maximum(5)),
  /** What is tried again. Default: all of them, `timeout` only where there are several targets. */
  on: z.optional(z.array(z.enum(["connect", "timeout", "502", "503", "504"])).check(z.minLength(1))),
});

const HealthSchema = z.strictObject({
  /** So many failures put a target out. Default 5. */
  failures: z.optional(z.int().check(z.positive(), z.maximum(100_000))),
  /** When they happen within so long. Default `"30s"`. */
  within: z.optional(DurationSchema),
  /** For so long. Default `"30s"`. */
  ejectFor: z.optional(DurationSchema),
});

/** A service calls are forwarded to: a place, or several targets. */
export const UpstreamSchema = z.strictObject({
  ...Place,
  /** Several places with the same service, in place of `url` and `service`. */
  targets: z.optional(z.array(TargetSchema).check(z.minLength(1), z.maxLength(16))),
  /** Seconds until the headers, or `{ headers, idle, total }`. Default `gateway.timeouts.upstream`, each by itself. */
  timeout: z.optional(UpstreamTimeoutSchema),
  /** Default: none with one target, else each target once, three at most. */
  retries: z.optional(
    z.union([z.literal(false), RetriesSchema], { error: "expected { attempts, on }, or false" }),
  ),
  /** When a target of several is left out for a time. On by default where there is a store. */
  health: z.optional(
    z.union([z.literal(false), HealthSchema], { error: "expected { failures, within, ejectFor }, or false" }),
  ),
  /** Changed in every answer of the upstream. */
  responseHeaders: z.optional(HeaderChangeSchema),
  ...OpenApiSchema,
  /** Whether the client's cookies go to this upstream. Default false: they belong to the gateway's domain. */
  cookies: z.optional(z.boolean()),
});

/** An upstream, as written. */
export type RawUpstream = z.infer<typeof UpstreamSchema>;
/** One target, as written. */
export type RawTarget = z.infer<typeof TargetSchema>;
/** Waits, as written. */
export type RawTimeout = z.infer<typeof UpstreamTimeoutSchema>;
