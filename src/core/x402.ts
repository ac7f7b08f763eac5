/**
 * The wire objects of x402 version 2 (specs/transports-v2/http.md, specs/schemes/exact), as schemas and the
 * types inferred from them. What is checked here is shape only: the rooms decide what a shape is worth.
 * Amounts are strings of atomic token units; times are whole seconds since 1970.
 */
import { safeBase64Decode } from "@x402/core/utils";
import * as z from "zod/mini";
import { toBase64 } from "./bytes.ts";

const uint = z.string().check(z.regex(/^\d{1,78}$/));
const short = z.string().check(z.maxLength(256));

/** What one accepted way to pay demands (v2 spec, section 5.1.2). */
export const PaymentRequirements = z.strictObject({
  scheme: short,
  network: short,
  asset: short,
  amount: uint,
  payTo: short,
  maxTimeoutSeconds: z.number(),
  extra: z.optional(z.record(z.string(), z.unknown())),
});
export type PaymentRequirements = z.infer<typeof PaymentRequirements>;

/** The payment a client presents (v2 spec, section 5.2). `payload` belongs to the scheme. */
export const PaymentPayload = z.looseObject({
  x402Version: z.literal(2),
  accepted: PaymentRequirements,
  payload: z.record(z.string(), z.unknown()),
  extensions: z.optional(z.record(z.string(), z.unknown())),
});
export type PaymentPayload = z.infer<typeof PaymentPayload>;

/** What a facilitator answers to `/verify` (v2 spec, section 7.1). */
export const VerifyResponse = z.object({
  isValid: z.boolean(),
  invalidReason: z.optional(z.nullable(z.string())),
  payer: z.optional(z.nullable(z.string())),
});

/** What a facilitator answers to `/settle` (v2 spec, section 7.2). */
export const SettleResponse = z.object({
  success: z.boolean(),
  transaction: z.optional(z.nullable(z.string())),
  network: z.optional(z.nullable(z.string())),
  payer: z.optional(z.nullable(z.string())),
  amount: z.optional(z.nullable(z.string())),
  errorReason: z.optional(z.nullable(z.string())),
});

/** Proof of a settlement, as the client gets it in `PAYMENT-RESPONSE` (v2 spec, section 5.3). */
export const Receipt = z.object({
  success: z.literal(true),
  transaction: z.string(),
  network: z.string(),
  payer: z.string(),
  /** `upto`: what was charged, atomic units. */
  amount: z.optional(uint),
});
export type Receipt = z.infer<typeof Receipt>;

/** An answer as it is kept. */
export const KeptAnswer = z.object({
  status: z.number(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
});

/** Key of the extension by which a client names its purchase (specs/extensions/payment_identifier.md). */
export const PAYMENT_IDENTIFIER = "payment-identifier";

/** That extension as a client sends it back; without one, or without a name, nothing is named. */
export const PaymentIdentifier = z.optional(
  z.object({ info: z.object({ id: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{16,128}$/))) }) }),
);

/** That extension as a 402 declares it. */
export function declarePaymentIdentifier(required: boolean): Record<string, unknown> {
  const id = { type: "string", minLength: 16, maxLength: 128, pattern: "^[a-zA-Z0-9_-]+$" };
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { required: { type: "boolean" }, id },
    required: ["required"],
  };
  return { [PAYMENT_IDENTIFIER]: { info: { required }, schema } };
}

/** The body of `PAYMENT-REQUIRED` (v2 spec, section 5.1). */
export type PaymentRequired = {
  x402Version: 2;
  error?: string;
  resource: { url: string; description?: string };
  accepts: PaymentRequirements[];
  extensions?: Record<string, unknown>;
};

/** The headers of the HTTP transport. */
export const HEADERS = {
  required: "PAYMENT-REQUIRED",
  signature: "PAYMENT-SIGNATURE",
  response: "PAYMENT-RESPONSE",
  v1Signature: "X-PAYMENT",
  v1Response: "X-PAYMENT-RESPONSE",
} as const;

/** A wire object as a header value: standard base64 of UTF-8 JSON. */
export function encodeHeader(value: unknown): string {
  return toBase64([new TextEncoder().encode(JSON.stringify(value))]);
}

/** The JSON value in a header. @throws on anything that is not base64 of JSON */
export function decodeHeader(value: string): unknown {
  return JSON.parse(safeBase64Decode(value));
}
