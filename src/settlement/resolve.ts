/**
 * Finding out what became of a payment whose settlement was begun and not seen to end: the isolate died, the
 * facilitator did not answer. The chain is asked where an RPC URL is configured.
 *
 * | the chain says | then |
 * |---|---|
 * | spent on this payment, after it was first presented here | it is paid: the call is served |
 * | spent on something else, earlier, or cancelled | 402: it has not bought this call and cannot |
 * | unspent, and too late to be spent | 402: nothing was charged |
 * | unspent | `before-response`: settled again; `after-response`: served and settled in turn |
 * | unspent, and it was served before | what is due for that is settled; 409, with the receipt |
 * | nothing | the facilitator is asked to settle again, which the chain allows only once |
 * | unspent or nothing, and nobody knows how much of an `upto` payment was used | it stays in doubt, unless it can be served first |
 *
 * A settlement of a payment in doubt that does not succeed leaves it in doubt (`settle.ts`).
 */
import type { Call, Claim } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Chain } from "../core/ports.ts";
import { receiptHeaders } from "../core/receipt.ts";
import type { PaymentRequirements, Receipt } from "../core/x402.ts";
import type { Cashier } from "./settle.ts";
import { reasonOf, receiptOf } from "./spending.ts";

/** Ends the doubt, or throws. @throws GatewayError `payment_rejected`, `payment_outcome_unknown` */
export type Resolve = (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;

/** Makes the room. */
export function makeResolve(chain: Chain, { settle }: Pick<Cashier, "settle">): Resolve {
  return async function resolve(call, claim, accepts) {
    const { payment } = claim;
    const amount = claim.due === undefined ? {} : { amount: claim.due };
    const spending = await chain.lookUp({ ...payment, ...amount }, claim.inDoubtSince ?? 0);
    switch (spending.kind) {
      case "spent":
        claim.settled(receiptOf(payment, spending));
        break;
      case "diverted":
      case "dead": {
        const reason = reasonOf(spending.kind);
        claim.failed(reason);
        throw challenge(call, accepts, "payment_rejected", reason);
      }
      case "open":
      case "unavailable": {
        if (payment.expired !== undefined) throw stillInDoubt(claim);
        const { due } = claim;
        const serveFirst =
          due === undefined && spending.kind === "open" && call.route.settlement === "after-response";
        // How much of it was used is not known here, and settling it would take all.
        const unknown = due === undefined && payment.requirements.scheme === "upto";
        if (!serveFirst && unknown) throw stillInDoubt(claim);
        if (!serveFirst) await settle(call, claim, accepts, due);
      }
    }
    if (claim.due !== undefined && claim.receipt) throw served(call, claim, claim.receipt);
  };
}

/** It has bought its answer already, and was yet to be charged for it. */
function served({ request }: Call, claim: Claim, receipt: Receipt): GatewayError {
  claim.delivered();
  return new GatewayError("payment_already_used", { headers: receiptHeaders(request, receipt) });
}

function stillInDoubt(claim: Claim): GatewayError {
  claim.unknown("too_late_to_settle_again");
  return new GatewayError("payment_outcome_unknown", { headers: { "retry-after": "2" } });
}
