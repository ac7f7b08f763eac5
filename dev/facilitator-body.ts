/** What the development facilitator accepts: the bodies of `/verify` and `/settle`, checked down to the last field. */
import * as z from "zod/mini";

const address = z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/));
const bytes32 = z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/));
const hex = z.string().check(z.regex(/^0x(?:[0-9a-fA-F]{2})+$/));
const uint = z.string().check(z.regex(/^\d{1,78}$/));
const network = z.templateLiteral([z.string().check(z.minLength(1)), ":", z.string().check(z.minLength(1))]);

const eip3009 = z.looseObject({
  signature: hex,
  authorization: z.looseObject({
    from: address,
    to: address,
    value: uint,
    validAfter: uint,
    validBefore: uint,
    nonce: bytes32,
  }),
});

const permit2 = z.looseObject({
  signature: hex,
  permit2Authorization: z.looseObject({
    from: address,
    permitted: z.looseObject({ token: address, amount: uint }),
    spender: address,
    nonce: uint,
    deadline: uint,
    witness: z.looseObject({ to: address, facilitator: z.exactOptional(address), validAfter: uint }),
  }),
});

const requirements = z.looseObject({
  scheme: z.enum(["exact", "upto"]),
  network,
  asset: address,
  amount: uint,
  payTo: address,
  maxTimeoutSeconds: z.number(),
  extra: z._default(z.record(z.string(), z.unknown()), {}),
});

const v1Requirements = z.looseObject({
  scheme: z.literal("exact"),
  network: z.string(),
  maxAmountRequired: uint,
  resource: z.url(),
  description: z.string(),
  mimeType: z.string(),
  payTo: address,
  maxTimeoutSeconds: z.number(),
  asset: address,
  extra: z.record(z.string(), z.unknown()),
});

const v1 = z.looseObject({
  x402Version: z.literal(1),
  paymentPayload: z.looseObject({
    x402Version: z.literal(1),
    scheme: z.literal("exact"),
    network: z.string(),
    payload: eip3009,
  }),
  paymentRequirements: v1Requirements,
});

const v2 = z.looseObject({
  x402Version: z.literal(2),
  paymentPayload: z.looseObject({
    x402Version: z.literal(2),
    accepted: requirements,
    payload: z.union([eip3009, permit2]),
    extensions: z.exactOptional(z.record(z.string(), z.unknown())),
  }),
  paymentRequirements: requirements,
});

const body = z.discriminatedUnion("x402Version", [v1, v2]);

/** A request that has the right shape; whether the payment is good is for the facilitator to say. */
export type FacilitatorBody = z.infer<typeof body>;

/** Reads a request body. @returns the body, or what is wrong with it, for the caller to read */
export function parseBody(text: string): FacilitatorBody | { error: string } {
  const result = body.safeParse(tryJson(text));
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => issue.path.join(".") || "body");
  return { error: `Not a payment of x402: look at ${faults.slice(0, 5).join(", ")}.` };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
