/** What of a facilitator's reply is believed, and what of it may be shown. */
import type { Payment } from "../core/call.ts";

/** A reason code as the client may see it: facilitators also put revert dumps and server errors here. */
export function publicReason(reason: string | null | undefined): string {
  return reason && /^[a-z0-9_]{1,80}$/.test(reason) ? reason : "payment_refused";
}

/** True unless the facilitator names a payer who is not the one that signed. */
export function isPayer({ payer: signer, proven }: Payment, payer: string | null | undefined): boolean {
  if (!payer) return proven;
  return payer.toLowerCase() === signer?.toLowerCase();
}
