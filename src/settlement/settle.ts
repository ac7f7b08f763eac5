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
import { receiptHeaders } from "../core/receipt.ts";
import type { PaymentRequirements, Receipt } from "../core/x402.ts";

/** The two verbs. Both leave the claim as the table above says before they throw. */
export type Cashier = {
  /** @throws GatewayError `payment_rejected`, `facilitator_unavailable` */
  verify: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  /** @throws GatewayError `payment_settlement_failed`, `payment_outcome_unknown`, `facilitator_unavailable` */
  settle: (
    call: Call,
    claim: Claim,
    accepts: PaymentRequirements[],
    /** What is charged of an `upto` payment, atomic units; all of it unless given. */
    amount?: string,
  ) => Promise<Receipt>;
};

const UNEXPECTED: Settlement = { kind: "unknown", reason: "unexpected_settle_error" };

/** Makes the room. */
export function makeCashier(facilitator: Facilitator): Cashier {
  return {
    async verify(call, claim, accepts) {
      const verdict = await facilitator.verify(claim.payment);
      claim.verified = verdict.valid;
      if (verdict.valid) {
        claim.payment.payer ??= verdict.payer;
        return;
      }
      if (isSpent(claim, verdict.reason)) throw inDoubt(claim, verdict.reason);
      // Not noted as failed: a facilitator that has lost its chain says "invalid" too, and the payment may be good.
      throw challenge(call, accepts, "payment_rejected", verdict.reason);
    },

    async settle(call, claim, accepts, amount) {
      const charge = chargeOf(claim, amount);
      if (charge === "0") return nothingCharged(claim);
      // A promise never to throw is not enough where a throw would be taken for "nothing moved".
      const outcome = readAgain(
        claim,
        await facilitator.settle(claim.payment, charge).catch((): Settlement => UNEXPECTED),
      );
      switch (outcome.kind) {
        case "settled":
          claim.settled(outcome.receipt);
          return outcome.receipt;
        case "failed":
          claim.failed(outcome.reason);
          throw challenge(call, accepts, "payment_settlement_failed", outcome.reason).withHeaders(
            receiptHeaders(call.request, failureOf(claim, outcome.reason)),
          );
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

/**
 * Anybody may submit an authorization, and it pays the seller whoever does: a doubt, as it is when settling. Of Permit2
 * the facilitator only says that it would not go through; once the chain has been asked, that is a no.
 */
function isSpent({ inDoubtSince }: Claim, reason: string): boolean {
  if (/nonce_already_used|permit2_invalid_nonce/.test(reason)) return true;
  return reason === "permit2_simulation_failed" && inDoubtSince === undefined;
}

/** What is asked for: of an `upto` payment never more than was signed, of another nothing but all of it. */
function chargeOf({ payment: { requirements } }: Claim, amount: string | undefined): string | undefined {
  if (amount === undefined || requirements.scheme !== "upto") return undefined;
  const [asked, signed] = [BigInt(amount), BigInt(requirements.amount)];
  return String(asked < signed ? asked : signed);
}

/** Nothing was used: there is nothing to send, and the payment is spent all the same, as far as this gateway goes. */
function nothingCharged(claim: Claim): Receipt {
  const { requirements, payer = "" } = claim.payment;
  const { network } = requirements;
  const receipt: Receipt = { success: true, transaction: "", network, payer, amount: "0" };
  claim.settled(receipt);
  return receipt;
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
function failureOf({ payment }: Claim, errorReason: string) {
  const { network } = payment.requirements;
  return { success: false, errorReason, transaction: "", network, payer: payment.payer ?? "" };
}
