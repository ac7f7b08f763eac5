/** How a reply to `/settle` is read. The costly mistake is to call a payment unpaid that was paid. */
import type * as z from "zod/mini";
import type { Payment } from "../core/call.ts";
import type { Settlement } from "../core/ports.ts";
import type { SettleResponse } from "../core/x402.ts";
import { isPayer, publicReason } from "./reply.ts";

type Reply = z.infer<typeof SettleResponse>;

/** Reasons that are given before a transaction is sent, by prefix; the reference facilitator and Coinbase's use these. */
const REFUSED_BEFORE_SENDING =
  /^(?:invalid_|insufficient_|unsupported_|permit2_|no_facilitator|eip6492_|expired|payment_)/;
/** Of those, the ones also given when sending itself failed half-way or a receipt could not be judged. */
const MAY_HAVE_BEEN_SENT =
  /transaction_failed|transaction_state|transfer_event|pending|settle_error|timeout|unexpected/;
/** Client errors say that the request was refused as such; these two can also come after the fact. */
const AMBIGUOUS_STATUSES = [408, 409];

/** Reads a reply; `reply` is undefined when its body was not one. */
export function parseSettlement(payment: Payment, status: number, reply: Reply | undefined): Settlement {
  if (!reply) {
    const refused = status >= 400 && status < 500 && !AMBIGUOUS_STATUSES.includes(status);
    return refused
      ? { kind: "refused", reason: `facilitator_answered_${status}` }
      : { kind: "unknown", reason: `facilitator_answered_${status}` };
  }
  return reply.success ? success(payment, reply) : failure(reply);
}

function success(payment: Payment, { transaction, network, payer }: Reply): Settlement {
  const { requirements, authorization } = payment;
  if (!transaction || !/^0x[0-9a-fA-F]{64}$/.test(transaction))
    return { kind: "unknown", reason: "no_transaction" };
  if (network && network !== requirements.network) return { kind: "unknown", reason: "network_mismatch" };
  if (payer && !isPayer(payment, payer)) return { kind: "unknown", reason: "payer_mismatch" };
  return {
    kind: "settled",
    receipt: { success: true, transaction, network: requirements.network, payer: authorization.from },
  };
}

function failure({ transaction, errorReason }: Reply): Settlement {
  const reason = publicReason(errorReason);
  const code = errorReason ?? "";
  const reverted = Boolean(transaction) && code.endsWith("transaction_failed");
  const refused = !transaction && REFUSED_BEFORE_SENDING.test(code) && !MAY_HAVE_BEEN_SENT.test(code);
  return reverted || refused ? { kind: "failed", reason } : { kind: "unknown", reason };
}
