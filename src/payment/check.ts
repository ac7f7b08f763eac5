/**
 * The checks of a payment that need no one else: each a pure function from plain data to an x402 error reason, or
 * undefined when it holds. The clock comes in as an argument, in whole seconds.
 */
import type { Eip3009Payload } from "../core/payloads.ts";
import { transferOf } from "../core/terms.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** Clocks of payers may run ahead of ours by this much, seconds. */
export const CLOCK_SKEW_SECONDS = 180;

type Authorization = Eip3009Payload["authorization"];

/**
 * Our requirement that the client says it accepted: equal in every field, `extra` at least as we gave it (v2 spec,
 * section 6.1). The client's copy is compared and then forgotten.
 */
export function matchRequirements(
  accepts: PaymentRequirements[],
  accepted: PaymentRequirements,
): PaymentRequirements | undefined {
  return accepts.find(
    (ours) =>
      ours.scheme === accepted.scheme &&
      ours.network === accepted.network &&
      ours.asset === accepted.asset &&
      ours.amount === accepted.amount &&
      ours.payTo === accepted.payTo &&
      ours.maxTimeoutSeconds === accepted.maxTimeoutSeconds &&
      // An offer of EIP-3009 says nothing of how it is paid, and one of Permit2 is the same and says so.
      transferOf(ours) === transferOf(accepted) &&
      Object.entries(ours.extra ?? {}).every(([key, value]) => accepted.extra?.[key] === value),
  );
}

/** The signed amount and recipient are the ones asked for. */
export function checkTerms(
  { to, value }: Authorization,
  { payTo, amount }: PaymentRequirements,
): string | undefined {
  if (to.toLowerCase() !== payTo.toLowerCase()) return "invalid_exact_evm_recipient_mismatch";
  if (BigInt(value) !== BigInt(amount)) return "invalid_exact_evm_payload_authorization_value_mismatch";
  return undefined;
}

/** The authorization is valid now, and not for so long that its record could be gone while it can still be spent. */
export function checkWindow(
  { validAfter, validBefore }: Authorization,
  { maxTimeoutSeconds }: PaymentRequirements,
  now: number,
): string | undefined {
  if (BigInt(validAfter) > BigInt(now + CLOCK_SKEW_SECONDS)) {
    return "invalid_exact_evm_payload_authorization_valid_after";
  }
  const latest = BigInt(now + maxTimeoutSeconds + CLOCK_SKEW_SECONDS);
  return BigInt(validBefore) > latest ? "invalid_exact_evm_payload_authorization_valid_before" : undefined;
}

/** There is time left to serve and settle it, `margin` seconds. One that is too late may still collect. */
export function checkTimeLeft(
  { validBefore }: Authorization,
  margin: number,
  now: number,
): string | undefined {
  const enough = BigInt(validBefore) >= BigInt(now + margin);
  return enough ? undefined : "invalid_exact_evm_payload_authorization_valid_before";
}
