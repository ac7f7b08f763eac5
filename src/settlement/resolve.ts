/**
 * Finding out what became of a payment whose settlement was begun and not seen to end: the isolate died, the
 * facilitator did not answer. The chain is asked where an RPC URL is configured; where there is none, the facilitator is
 * asked to settle once more, which the chain allows only once.
 *
 * | the chain says | then |
 * |---|---|
 * | spent on this payment | it is paid: the call is served |
 * | spent on something else, or cancelled | 402: it was never paid and cannot be |
 * | unspent, and too late to be spent | 402: nothing was charged |
 * | unspent | settled again, as if for the first time |
 * | nothing | the facilitator is asked to settle again; a doubt stays a doubt |
 */
import type { Call, Claim } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Chain } from "../core/ports.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import type { Cashier } from "./settle.ts";

/** Ends the doubt, with the receipt in the claim unless the payment is known to be unspent; or throws. */
export type Resolve = (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;

/** Makes the room. @throws (the room) GatewayError `payment_rejected`, `payment_outcome_unknown` and those of `settle` */
export function makeResolve(chain: Chain, { settle }: Cashier): Resolve {
  return async function resolve(call, claim, accepts) {
    const { payment } = claim;
    const spending = await chain.lookUp(payment);
    switch (spending.kind) {
      case "spent": {
        const { network } = payment.requirements;
        const payer = payment.scheme.authorization.from;
        return claim.settled({ success: true, transaction: spending.transaction, network, payer });
      }
      case "diverted":
      case "dead": {
        const reason = spending.kind === "dead" ? "authorization_expired" : "authorization_spent_elsewhere";
        claim.failed(reason);
        throw challenge(call, accepts, "payment_rejected", reason);
      }
      case "open":
      case "unavailable": {
        if (payment.expired === undefined) return void (await settle(call, claim, accepts));
        claim.unknown("too_late_to_settle_again");
        throw new GatewayError("payment_outcome_unknown", { headers: { "retry-after": "5" } });
      }
    }
  };
}
