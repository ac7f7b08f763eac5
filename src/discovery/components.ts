/** What every answer of the gateway itself looks like, as components of the description. */
import type { Json } from "../core/openapi.ts";
import { HEADERS } from "../core/x402.ts";

const REF = "#/components/schemas/";
const text = { type: "string" };
const extensions = { type: "object", description: "Extensions of x402, by their names." };

const PAYMENT_REQUIREMENTS = {
  type: "object",
  required: ["scheme", "network", "asset", "amount", "payTo", "maxTimeoutSeconds"],
  properties: {
    scheme: text,
    network: { type: "string", description: "CAIP-2." },
    asset: text,
    amount: { type: "string", description: "Atomic units of the token." },
    payTo: text,
    maxTimeoutSeconds: { type: "number" },
    extra: { type: "object" },
  },
};

/** New for each description: it gets those of the upstreams beside them. */
export function ownComponents(): Record<string, Json> {
  const required = {
    type: "object",
    description: "x402 version 2, section 5.1.",
    required: ["x402Version", "resource", "accepts"],
    properties: {
      x402Version: { const: 2 },
      error: text,
      resource: {
        type: "object",
        required: ["url"],
        properties: { url: text, description: text, mimeType: text },
      },
      accepts: { type: "array", items: { $ref: `${REF}PaymentRequirements` } },
      extensions,
    },
  };
  const problem = {
    type: "object",
    description: "RFC 9457.",
    required: ["type", "title", "status", "code"],
    properties: {
      type: text,
      title: text,
      status: { type: "integer" },
      code: text,
      detail: text,
      hint: text,
    },
  };
  const header = {
    description: "What to pay: base64 of JSON.",
    schema: {
      type: "string",
      contentEncoding: "base64",
      contentMediaType: "application/json",
      contentSchema: { $ref: `${REF}PaymentRequired` },
    },
  };
  return {
    schemas: { PaymentRequired: required, PaymentRequirements: PAYMENT_REQUIREMENTS, Problem: problem },
    responses: {
      PaymentRequired: {
        description: `Payment required: sign one of the requirements, and repeat the call with ${HEADERS.signature}.`,
        headers: { [HEADERS.required]: header },
        content: { "application/problem+json": { schema: { $ref: `${REF}Problem` } } },
      },
    },
  };
}
