/**
 * Bringing to an end what nobody comes back for: payments whose settlement was begun and not seen to end. They are
 * looked up on the chain, and nothing is charged here but what a metered call has used and could not be charged for at its
 * end: whoever pays is there when money moves. Where no node is configured for a network, its other payments are left to
 * their payers.
 *
 * | the chain says | then |
 * |---|---|
 * | spent on this payment | it is paid: its payer can collect the answer, and the ledger is right |
 * | spent on something else, or too late to be spent | failed: nothing was charged |
 * | unspent, or no answer, and so much is due | that is charged |
 * | unspent, or no answer | looked at again later |
 */
import type { Emit } from "../core/events.ts";
import type { Spent } from "../core/payloads.ts";
import type { Chain, ChangeBy, PaymentStore, PendingStore, Reconciled, Settlement } from "../core/ports.ts";
import { reasonOf, receiptOf } from "./spending.ts";

/** Looks once into what is pending. @throws GatewayError `store_unavailable` */
export type Reconcile = (limit?: number) => Promise<Reconciled>;

/** Longest time that one payment is taken in hand, ms. */
const LEASE_MS = 60_000;
/** Payments in one round, unless told: a cron's time is short. */
const LIMIT = 50;

type Parts = {
  store: PaymentStore & PendingStore;
  chain: Chain;
  /** Charges what is due for what was served. */
  charge: (payment: Spent & { amount: string }, spend: string) => Promise<Settlement>;
  emit: Emit;
};

/** Makes the room. */
export function makeReconcile(parts: Parts): Reconcile {
  const { store, emit } = parts;
  return async function reconcile(limit = LIMIT) {
    const counts = { seen: 0, settled: 0, failed: 0, owed: 0, doubtful: 0 };
    for (const spend of await store.due(limit)) {
      counts.seen += 1;
      const by = { spend, owner: crypto.randomUUID(), leaseMs: LEASE_MS, receipt: undefined };
      const outcome = await bringToAnEnd(parts, by);
      if (outcome) counts[outcome] += 1;
      if (outcome === "settled" || outcome === "failed")
        emit({ event: "payment_reconciled", level: "info", spend, outcome });
    }
    return counts;
  };
}

type Outcome = "settled" | "failed" | "owed" | "doubtful";

async function bringToAnEnd(
  { store, chain, charge, emit }: Parts,
  by: ChangeBy,
): Promise<Outcome | undefined> {
  const found = await store.take(by);
  if (found.kind === "owed") return "owed";
  if (found.kind === "unreadable") return "doubtful";
  if (found.kind !== "doubt") return undefined;
  const { payment, since, reason } = found;
  const { amount } = payment;
  const spending = await chain.lookUp(payment, since);
  switch (spending.kind) {
    case "spent": {
      const receipt = receiptOf(payment, spending);
      // Settled, and free at once for its payer to collect, unless that was done.
      await store.change({ ...by, receipt }, { to: amount === undefined ? "abandoned" : "delivered" });
      return "settled";
    }
    case "diverted":
    case "dead": {
      const failed = reasonOf(spending.kind);
      await store.change(by, { to: "failed", reason: failed });
      // Served and never paid for.
      if (amount !== undefined)
        emit({ event: "charge_failed", level: "error", spend: by.spend, amount, error: failed });
      return "failed";
    }
    default: {
      const charged = amount === undefined ? undefined : await charge({ ...payment, amount }, by.spend);
      if (charged?.kind === "settled") {
        await store.change({ ...by, receipt: charged.receipt }, { to: "delivered" });
        return "settled";
      }
      await store.change(by, { to: "unknown", reason: reason || "not_seen_to_end", transaction: "" });
      return "doubtful";
    }
  }
}
