/**
 * Finding out what became of a payment whose settlement was begun and not seen to end: the isolate died, the
 * facilitator did not answer. The chain is asked where an RPC URL is configured; then the facilitator is asked to settle
 * once more, which the chain allows only once.
 *
 * | the chain says | then |
 * |---|---|
 * | spent on this payment | it is paid: the call is served |
 * | spent on something else, or cancelled | 402: it was never paid and cannot be |
 * | unspent, and too late to be spent | 402: nothing was charged |
 * | unspent, or nothing | the facilitator is asked to settle again |
 *
 * Of the facilitator only a settlement is believed here. "Insufficient funds" may just mean that the first settlement
 * went through: what is not settled stays in doubt.
 */
import type { Call, Claim } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Chain, Facilitator } from "../core/ports.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** Ends the doubt with a receipt in the claim, or throws. @throws GatewayError `payment_rejected`, `payment_outcome_unknown` */
export type Resolve = (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;

/** Makes the room. */
export function makeResolve(chain: Chain, facilitator: Facilitator): Resolve {
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
      case "unavailable":
        return settleAgain(facilitator, claim);
    }
  };
}

async function settleAgain(facilitator: Facilitator, claim: Claim): Promise<void> {
  const { payment } = claim;
  const outcome = payment.expired === undefined ? await facilitator.settle(payment) : TOO_LATE;
  if (outcome.kind === "settled") return claim.settled(outcome.receipt);
  claim.unknown(outcome.reason);
  throw new GatewayError("payment_outcome_unknown", {
    headers: { "retry-after": "5" },
    cause: outcome.reason,
  });
}

const TOO_LATE = { kind: "unknown", reason: "too_late_to_settle_again" } as const;
