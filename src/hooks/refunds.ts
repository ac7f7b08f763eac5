/** Noting what is owed back: in the background, tried again while the store is away, and in the log in any case. */
import type { Call, Claim } from "../core/call.ts";
import type { Clock, Emit } from "../core/events.ts";
import type { Refund, RefundLedger } from "../core/refund.ts";
import { RETRY_DELAYS_MS, retry } from "../core/retry.ts";
import { paymentOf } from "./context.ts";
import type { Will } from "./results.ts";

/** Notes a refund of a payment whose money has moved; the payment cannot be collected any more. */
export type RefundPayment = (call: Call, claim: Claim, wish: NonNullable<Will["refund"]>) => void;

/** Makes it. */
export function makeRefund(ledger: RefundLedger, emit: Emit, clock: Clock): RefundPayment {
  async function record(refund: Refund): Promise<void> {
    const work = () => ledger.record(refund);
    const recorded = await retry(work, [0, ...RETRY_DELAYS_MS], (error) =>
      emit({ event: "refund_write_failed", level: "error", ...refund, error: String(error) }),
    );
    if (recorded) emit({ event: "refund_recorded", level: "info", ...refund });
  }
  return function refund(call, claim, { reason, amount }) {
    const payment = paymentOf(claim);
    if (!payment) return;
    const { spend, requirements } = claim.payment;
    const entry = {
      time: new Date(clock()).toISOString(),
      route: call.route.key,
      spend,
      ...payment,
      amount: amount ?? payment.amount,
      payTo: requirements.payTo,
      reason,
    };
    if (BigInt(entry.amount) > BigInt(payment.amount)) {
      emit({ event: "refund_refused", level: "error", ...entry, error: `only ${payment.amount} were paid` });
      return;
    }
    claim.delivered();
    call.waitUntil(record(entry));
  };
}
