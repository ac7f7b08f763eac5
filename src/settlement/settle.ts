/**
 * Moving the money. `verify` asks whether a payment would settle (needed before serving on credit, and for wallets
 * whose signature cannot be checked here); `settle` moves it once. What comes back decides what the record says:
 *
 * | facilitator | record | client |
 * |---|---|---|
 * | settled | `settled`, with the receipt | goes on |
 * | verify says no | given back | 402, the reason, fresh requirements |
 * | settle says no, for a reason of the payment's | `failed` | 402, the reason, fresh requirements |
 * | did not take the request, nothing sent | given back | 503 `facilitator_unavailable` |
 * | anything that leaves a doubt | `unknown` | 503 `payment_outcome_unknown` |
 */
import type { Call, Claim } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Facilitator, Settlement } from "../core/ports.ts";
import { encodeHeader, HEADERS, type PaymentRequirements, type Receipt } from "../core/x402.ts";

/** The two verbs. Both leave the claim as the table above says before they throw. */
export type Cashier = {
  /** @throws GatewayError `payment_rejected`, `facilitator_unavailable` */
  verify: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  /** @throws GatewayError `payment_settlement_failed`, `payment_outcome_unknown`, `facilitator_unavailable` */
  settle: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<Receipt>;
};

const UNEXPECTED: Settlement = { kind: "unknown", reason: "unexpected_settle_error" };

/** Makes the room. */
export function makeCashier(facilitator: Facilitator): Cashier {
  return {
    async verify(call, claim, accepts) {
      const verdict = await facilitator.verify(claim.payment);
      claim.verified = verdict.valid;
      if (verdict.valid) return;
      // Anybody may submit an authorization, and it pays the seller whoever does: a doubt, as it is when settling.
      if (/nonce_already_used/.test(verdict.reason)) throw inDoubt(claim, verdict.reason);
      // Not noted as failed: a facilitator that has lost its chain says "invalid" too, and the payment may be good.
      throw challenge(call, accepts, "payment_rejected", verdict.reason);
    },

    async settle(call, claim, accepts) {
      // A promise never to throw is not enough where a throw would be taken for "nothing moved".
      const outcome = readAgain(
        claim,
        await facilitator.settle(claim.payment).catch((): Settlement => UNEXPECTED),
      );
      switch (outcome.kind) {
        case "settled":
          claim.settled(outcome.receipt);
          return outcome.receipt;
        case "failed":
          claim.failed(outcome.reason);
          throw challenge(call, accepts, "payment_settlement_failed", outcome.reason).withHeaders({
            [HEADERS.response]: failureHeader(claim, outcome.reason),
          });
        case "refused":
          throw new GatewayError("facilitator_unavailable", {
            headers: { "retry-after": "2" },
            cause: outcome.reason,
          });
        case "unknown":
          throw inDoubt(claim, outcome.reason, outcome.transaction);
      }
    },
  };
}

function inDoubt(claim: Claim, reason: string, transaction?: string): GatewayError {
  claim.unknown(reason, transaction);
  return new GatewayError("payment_outcome_unknown", { headers: { "retry-after": "2" }, cause: reason });
}

/**
 * Of a payment in doubt only a settlement is believed: "insufficient funds" may just mean that the first settlement went
 * through.
 */
function readAgain({ inDoubtSince }: Claim, outcome: Settlement): Settlement {
  const certain = inDoubtSince === undefined || outcome.kind === "settled" || outcome.kind === "unknown";
  return certain ? outcome : { kind: "unknown", reason: outcome.reason };
}

/** A `SettleResponse` with `success: false` (v2 spec, section 5.3). */
function failureHeader({ payment }: Claim, errorReason: string): string {
  const { network } = payment.requirements;
  return encodeHeader({
    success: false,
    errorReason,
    transaction: "",
    network,
    payer: payment.payer ?? "",
  });
}
