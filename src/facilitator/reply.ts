/** What of a facilitator's reply is believed, and what of it may be shown. */
import { isWallet } from "../core/address.ts";
import type { Payment } from "../core/call.ts";

/** A reason code as the client may see it: facilitators also put revert dumps and server errors here. */
export function publicReason(reason: string | null | undefined): string {
  return reason && /^[a-z0-9_]{1,80}$/.test(reason) ? reason : "payment_refused";
}

/** True unless the facilitator names a payer who is not the one that signed. Only it can tell who that was on Solana. */
export function isPayer(
  { payer: signer, proven, requirements }: Payment,
  payer: string | null | undefined,
): boolean {
  if (!payer) return proven;
  if (signer === undefined) return isWallet(payer, requirements.network);
  return payer.toLowerCase() === signer.toLowerCase();
}
