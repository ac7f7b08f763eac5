/**
 * Charging for what was served. The answer has gone out, and nobody waits: a facilitator that does not take the request is
 * asked again. What is to be charged is noted before it is asked for, so that it can be collected later, by reconciliation
 * or when the payment is presented again, whatever becomes of this isolate. It buys nothing more.
 */
import type { Call, Claim } from "../core/call.ts";
import { within } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import { about, type Emit } from "../core/events.ts";
import { RETRY_DELAYS_MS, retry } from "../core/retry.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import type { Cashier } from "./settle.ts";

/** Charges the amount, atomic units; false when that did not succeed, which is logged. Never throws. */
export type Collect = (
  call: Call,
  claim: Claim,
  accepts: PaymentRequirements[],
  amount: string,
) => Promise<boolean>;

/** Longest wait until it is noted, ms: the payment expires soon, and a store that is away must not cost the charge. */
const NOTE_MS = 3000;

/** Makes the room. */
export function makeCollect({ settle }: Pick<Cashier, "settle">, emit: Emit): Collect {
  return async function collect(call, claim, accepts, amount) {
    const told = (error: unknown) =>
      emit({
        event: "charge_failed",
        level: "error",
        ...about(call),
        spend: claim.payment.spend,
        amount,
        error: String(error),
      });
    const ours = amount === "0" || (await within(NOTE_MS, () => claim.charges(amount)).catch(() => true));
    if (!ours) {
      claim.abandoned();
      told("another instance has the payment in hand, and charges for what it serves");
      return false;
    }
    const attempt = () =>
      settle(call, claim, accepts, amount).then(
        () => true,
        (error: unknown) => {
          if (error instanceof GatewayError && error.code === "facilitator_unavailable") throw error;
          told(error);
          return false;
        },
      );
    const settled = await retry(attempt, [0, ...RETRY_DELAYS_MS], told);
    if (settled) claim.delivered();
    if (settled === undefined) claim.unknown("facilitator_unavailable");
    return settled === true;
  };
}
