/** What the chain's word on a payment means to its record. */
import { payerOf, type Spent } from "../core/payloads.ts";
import type { Spending } from "../core/ports.ts";
import type { Receipt } from "../core/x402.ts";

/** A payment that the chain has seen. */
type Paid = Extract<Spending, { kind: "spent" }>;

/** The receipt of a payment that was found on the chain. */
export function receiptOf({ requirements, scheme }: Spent, { transaction, amount }: Paid): Receipt {
  const payer = payerOf(scheme) ?? "";
  const charged = requirements.scheme === "upto" && amount !== undefined ? { amount } : {};
  return { success: true, transaction, network: requirements.network, payer, ...charged };
}

/** The x402 error reason of a payment that can never be settled. */
export function reasonOf(kind: "diverted" | "dead"): string {
  return kind === "dead" ? "authorization_expired" : "authorization_spent_elsewhere";
}
