/** What the chain's word on a payment means to its record. */
import { payerOf, type Spent } from "../core/payloads.ts";
import type { Receipt } from "../core/x402.ts";

/** The receipt of a payment that was found on the chain. */
export function receiptOf({ requirements, scheme }: Spent, transaction: string): Receipt {
  return { success: true, transaction, network: requirements.network, payer: payerOf(scheme) ?? "" };
}

/** The x402 error reason of a payment that can never be settled. */
export function reasonOf(kind: "diverted" | "dead"): string {
  return kind === "dead" ? "authorization_expired" : "authorization_spent_elsewhere";
}
