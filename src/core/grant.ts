/**
 * Writing down what a settled payment has bought ahead, and handing out the token to it. A payment adds what it has
 * bought once, however often that is written: the answer may be lost, the isolate may die. What could not be written is
 * tried again in the background, and until it is the payment stays owed (`claim.owes`). Only a payment that is presented
 * for the first time brings a token with it: later anybody could have copied it.
 */
import type { Call, Claim } from "./call.ts";
import { about, type Emit } from "./events.ts";
import { RETRY_DELAYS_MS, retry } from "./retry.ts";
import { endField, newSecret, ticketFields } from "./ticket.ts";

/** What was bought. */
export type Bought = {
  /** Where it is kept. */
  id: string;
  /** How long it lasts at least, ms. */
  forMs: number;
  /** Writes it, and a further secret; gives when it ends, ms since 1970, and what the answer says besides. */
  write: (secret: { secret?: string }) => Promise<{ endsAt: number; fields?: Record<string, string> }>;
};

/** Writes it; gives the answer's fields. Never throws. */
export async function grantBought(
  call: Call,
  claim: Claim,
  { id, forMs, write }: Bought,
  emit: Emit,
): Promise<Record<string, string>> {
  const { proven } = claim.payment;
  // What was presented before may have been read on the chain: its payer proves with a new signature who it is. Wallets
  // with code cannot do that here; without a token, an answer that was lost would be what they paid for lost.
  const secret = claim.repeated && proven ? undefined : newSecret();
  const written = () => write(secret ? { secret } : {});
  try {
    const { endsAt, fields } = await written();
    if (endsAt <= Date.now()) return {};
    return { ...(secret ? ticketFields(call, { id, secret }, endsAt) : endField(endsAt)), ...fields };
  } catch (error) {
    emit({ event: "session_grant_failed", level: "error", ...about(call), error: String(error) });
    const granted = retry(written, RETRY_DELAYS_MS).then((bought) => bought !== undefined);
    claim.owes(granted);
    call.waitUntil(granted);
    // A token that may not be good is only for who has no other way: a key's owner is let through by a new signature.
    return secret && !proven ? ticketFields(call, { id, secret }, Date.now() + forMs) : {};
  }
}
