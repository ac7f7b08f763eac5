/**
 * What payers sign, by the way they pay (x402 specs/schemes). Shape only; unknown fields are refused where they could be
 * part of what is signed, and dropped elsewhere.
 */
import * as z from "zod/mini";
import type { Payment } from "./call.ts";
import { PaymentRequirements } from "./x402.ts";

const address = z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/));
const bytes32 = z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/));
const hex = z.string().check(z.regex(/^0x(?:[0-9a-fA-F]{2})+$/));
const uint = z.string().check(z.regex(/^\d{1,78}$/));
/** Wallets write numbers as they like: `1`, `01` and `0x1` are one and the same from here on. */
const uint256 = z.pipe(
  z.string().check(
    z.regex(/^(?:\d{1,78}|0x[0-9a-fA-F]{1,64})$/, { abort: true }),
    z.refine((text) => BigInt(text) < 2n ** 256n),
  ),
  z.transform((text: string) => BigInt(text).toString()),
);

/** `exact` with EIP-3009 (scheme_exact_evm.md): the token moves the money itself. */
export const Eip3009Payload = z.object({
  signature: hex,
  authorization: z.strictObject({
    from: address,
    to: address,
    value: uint,
    validAfter: uint,
    validBefore: uint,
    nonce: bytes32,
  }),
});
export type Eip3009Payload = z.infer<typeof Eip3009Payload>;

const permit = {
  from: address,
  permitted: z.strictObject({ token: address, amount: uint256 }),
  spender: address,
  nonce: uint256,
  deadline: uint256,
};

/** `exact` with Permit2 (scheme_exact_evm.md): x402's proxy moves the money, to nobody but `witness.to`. */
export const Permit2Payload = z.object({
  signature: hex,
  permit2Authorization: z.strictObject({
    ...permit,
    witness: z.strictObject({ to: address, validAfter: uint256 }),
  }),
});
export type Permit2Payload = z.infer<typeof Permit2Payload>;

/** `upto` (scheme_upto_evm.md): as Permit2, and only `witness.facilitator` may say how much of it is taken. */
export const UptoPayload = z.object({
  signature: hex,
  permit2Authorization: z.strictObject({
    ...permit,
    witness: z.strictObject({ to: address, facilitator: address, validAfter: uint256 }),
  }),
});
export type UptoPayload = z.infer<typeof UptoPayload>;

/** `exact` on Solana (scheme_exact_svm.md): a transaction in base64 that lacks the fee payer's signature. */
export const SolanaPayload = z.object({
  transaction: z.string().check(z.maxLength(1644), z.regex(/^[A-Za-z0-9+/]+={0,2}$/)),
});
export type SolanaPayload = z.infer<typeof SolanaPayload>;

/** Any of them. */
export const SchemePayload = z.union([Eip3009Payload, Permit2Payload, UptoPayload, SolanaPayload]);
export type SchemePayload = z.infer<typeof SchemePayload>;

/** What a payment's record keeps of it, to find out later what became of it. */
export const Spent = z.object({
  scheme: SchemePayload,
  requirements: PaymentRequirements,
  /** `upto`: what was to be charged, atomic units. */
  amount: z.optional(uint),
});
export type Spent = z.infer<typeof Spent>;

/** Who signed, as far as the payload says so. */
export function payerOf(scheme: SchemePayload): string | undefined {
  if ("authorization" in scheme) return scheme.authorization.from;
  return "permit2Authorization" in scheme ? scheme.permit2Authorization.from : undefined;
}

/** A payment as its record keeps it, for whoever asks the facilitator to settle it without its payer. */
export function toPayment({ scheme, requirements }: Spent, spend: string): Payment {
  const permit = "permit2Authorization" in scheme ? scheme.permit2Authorization : undefined;
  const hashes = { spend, fingerprint: "", identifier: undefined };
  const payer = payerOf(scheme);
  const validBefore = Number(permit?.deadline ?? 0);
  return {
    version: 2,
    scheme,
    requirements,
    payer,
    proven: true,
    expired: undefined,
    validBefore,
    resource: "",
    ...hashes,
  };
}
