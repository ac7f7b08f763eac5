/**
 * Permit2, for `exact` and `upto`: the payer lets x402's proxy, and nobody else, take a token through Permit2. `exact`
 * takes the amount that was signed, `upto` as much of it as the facilitator that was signed for says.
 */
import { Permit2Payload, UptoPayload } from "../core/payloads.ts";
import { PERMIT2, proxyOf } from "../core/permit2.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import { CLOCK_SKEW_SECONDS } from "./check.ts";
import { identifyPermitSigner } from "./signature.ts";
import type { ReadSigned } from "./signed.ts";

type Permit = (Permit2Payload | UptoPayload)["permit2Authorization"];

/** Reads and checks it. */
export const readPermit2: ReadSigned = async (payload, requirements, { now, margin }) => {
  const parsed = (requirements.scheme === "upto" ? UptoPayload : Permit2Payload).safeParse(payload);
  if (!parsed.success) return undefined;
  const scheme = parsed.data;
  const { permit2Authorization: permit, signature } = scheme;
  const refusal = checkPermit(permit, requirements) ?? checkPermitWindow(permit, requirements, now);
  if (refusal) return refusal;
  const signer = await identifyPermitSigner(scheme, requirements);
  if (signer === "forged") return "invalid_permit2_signature";
  return {
    scheme,
    payer: permit.from,
    validBefore: Number(permit.deadline),
    proven: signer === "proven",
    expired: BigInt(permit.deadline) >= BigInt(now + margin) ? undefined : "permit2_deadline_expired",
    // Permit2 counts an owner's nonces across all tokens.
    once: [PERMIT2.toLowerCase(), permit.from.toLowerCase(), permit.nonce],
    signature: signature.toLowerCase(),
  };
};

/** What was signed is what was asked for: by whom it may be spent, of what, how much, to whom. */
function checkPermit(permit: Permit, requirements: PaymentRequirements): string | undefined {
  const { scheme, payTo, asset, amount, extra } = requirements;
  const { spender, permitted, witness } = permit;
  if (!same(spender, proxyOf(scheme))) return "invalid_permit2_spender";
  if (!same(witness.to, payTo)) return "invalid_permit2_recipient_mismatch";
  if ("facilitator" in witness && !same(witness.facilitator, String(extra?.facilitatorAddress)))
    return "upto_facilitator_mismatch";
  if (BigInt(permitted.amount) !== BigInt(amount)) return "permit2_amount_mismatch";
  return same(permitted.token, asset) ? undefined : "permit2_token_mismatch";
}

/** It is valid now, and not for so long that its record could be gone while it can still be spent. */
function checkPermitWindow(
  { deadline, witness }: Permit,
  { maxTimeoutSeconds }: PaymentRequirements,
  now: number,
): string | undefined {
  if (BigInt(witness.validAfter) > BigInt(now + CLOCK_SKEW_SECONDS)) return "permit2_not_yet_valid";
  const latest = BigInt(now + maxTimeoutSeconds + CLOCK_SKEW_SECONDS);
  return BigInt(deadline) > latest ? "permit2_deadline_too_late" : undefined;
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
