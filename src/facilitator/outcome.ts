/** How a reply to `/settle` is read. The costly mistake is to call a payment unpaid that was paid. */
import type * as z from "zod/mini";
import type { Payment } from "../core/call.ts";
import { isSolana, toCaip2 } from "../core/networks.ts";
import type { Settlement } from "../core/ports.ts";
import type { SettleResponse } from "../core/x402.ts";
import { isPayer, publicReason } from "./reply.ts";

type Reply = z.infer<typeof SettleResponse>;

/** Reasons that are given before a transaction is sent, by prefix; the reference facilitator and Coinbase's use these. */
const REFUSED_BEFORE_SENDING =
  /^(?:invalid_|insufficient_|unsupported_|no_facilitator|eip6492_|expired|permit2_|upto_)/;
/**
 * Of those, the ones also given when sending failed half-way, when a receipt could not be judged, or when the
 * authorization is spent: anybody may submit it, and it pays the seller whoever does.
 */
const MAY_HAVE_MOVED =
  /transaction_failed|transaction_state|transfer_event|pending|settle_error|timeout|unexpected|nonce|already|used|duplicate|simulation|not_supported|permit2_insufficient|permit2_allowance/;
const EVM_TRANSACTION = /^0x[0-9a-fA-F]{64}$/;
/** A signature of 64 bytes in base58. */
const SOLANA_TRANSACTION = /^[1-9A-HJ-NP-Za-km-z]{64,88}$/;
/** Client errors say that the request was refused as such; these two can also come after the fact. */
const AMBIGUOUS_STATUSES = [408, 409];

/** Reads a reply; `reply` is undefined when its body was not one. `amount` is what was to be charged. */
export function parseSettlement(
  payment: Payment,
  status: number,
  reply: Reply | undefined,
  amount = payment.requirements.amount,
): Settlement {
  if (!reply) {
    const refused = status >= 400 && status < 500 && !AMBIGUOUS_STATUSES.includes(status);
    return refused
      ? { kind: "refused", reason: `facilitator_answered_${status}` }
      : { kind: "unknown", reason: `facilitator_answered_${status}` };
  }
  if (!reply.success) return failure(reply);
  return status === 200
    ? success(payment, reply, amount)
    : { kind: "unknown", reason: `facilitator_answered_${status}` };
}

function success(payment: Payment, reply: Reply, asked: string): Settlement {
  const { requirements } = payment;
  const { transaction, network, payer, amount } = reply;
  const form = isSolana(requirements.network) ? SOLANA_TRANSACTION : EVM_TRANSACTION;
  if (!transaction || !form.test(transaction)) return { kind: "unknown", reason: "no_transaction" };
  const doubt = (reason: string): Settlement => ({ kind: "unknown", reason, transaction });
  if (network && toCaip2(network) !== requirements.network) return doubt("network_mismatch");
  if (payer && !isPayer(payment, payer)) return doubt("payer_mismatch");
  if (amount && amount !== asked) return doubt("amount_mismatch");
  const receipt = {
    success: true as const,
    transaction,
    network: requirements.network,
    payer: payment.payer ?? payer ?? "",
    ...(requirements.scheme === "upto" ? { amount: asked } : {}),
  };
  return { kind: "settled", receipt };
}

function failure({ transaction, errorReason }: Reply): Settlement {
  const reason = publicReason(errorReason);
  const code = errorReason ?? "";
  const refused = !transaction && REFUSED_BEFORE_SENDING.test(code) && !MAY_HAVE_MOVED.test(code);
  if (refused) return { kind: "failed", reason };
  return { kind: "unknown", reason, ...(transaction ? { transaction: transaction.slice(0, 100) } : {}) };
}
