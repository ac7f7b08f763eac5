/** The shapes of what is asked of every request: other origins' pages, and how long a request may be. */
import * as z from "zod/mini";
import { DurationSchema } from "./limit-schema.ts";

const names = z.optional(z.array(z.string().check(z.regex(/^[!#$%&'*+.^_`|~\w-]+$/))));

/** What a page may be allowed to do. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Pages of other origins. */
export const CorsSchema = z.union([
  z.boolean(),
  z.strictObject({
    /** `"https://app.example.com"`, `"https://*.example.com"`, `"null"`; `"*"` (default) is any. */
    allowedOrigins: z.optional(z.array(z.string()).check(z.minLength(1))),
    /** Default all of them. */
    allowedMethods: z.optional(z.array(z.enum(METHODS)).check(z.minLength(1))),
    /** Of requests, beside those of x402. Default `["*"]`: whatever a page asks for. */
    allowedHeaders: names,
    /** Of answers, beside those of x402. Default none. */
    exposedHeaders: names,
    /** Whether pages may send cookies; takes origins by name. Default false. */
    credentials: z.optional(z.boolean()),
    /** How long a browser may remember what it may send, whole seconds. Default 600. */
    maxAge: z.optional(z.int().check(z.minimum(0), z.maximum(86_400))),
  }),
]);

/** Longest body of a request that goes through, bytes. */
export const RequestBytesSchema = z.int().check(z.minimum(1), z.maximum(1_000_000_000_000));

/** The longest requests. */
export const RequestLimitsSchema = z.strictObject({
  /** Characters, with scheme and host. Default 8,192. */
  urlLength: z.optional(z.int().check(z.minimum(256), z.maximum(32_768))),
  /** Default 100. */
  headerCount: z.optional(z.int().check(z.minimum(16), z.maximum(1000))),
  /** All of them together. A payment alone may take 8,192. Default 32,768. */
  headerBytes: z.optional(z.int().check(z.minimum(12_288), z.maximum(65_536))),
  /** Longest body, also of one that streams on. Default any. */
  bodyBytes: z.optional(RequestBytesSchema),
  /** Longest silence of a client in the middle of a body, at most `"1h"`. Default `"30s"`. */
  bodyTimeout: z.optional(DurationSchema),
});
