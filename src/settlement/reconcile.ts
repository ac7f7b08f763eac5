/**
 * Bringing to an end what nobody comes back for: payments whose settlement was begun and not seen to end. They are
 * looked up on the chain, and nothing is ever charged here: whoever pays is there when money moves. Where no node is
 * configured for a network, its payments are left to their payers.
 *
 * | the chain says | then |
 * |---|---|
 * | spent on this payment | it is paid: its payer can collect the answer, and the ledger is right |
 * | spent on something else, or too late to be spent | failed: nothing was charged |
 * | unspent, or no answer | looked at again later |
 */
import type { Chain, ChangeBy, Emit, PaymentStore, PendingStore, Reconciled } from "../core/ports.ts";
import { reasonOf, receiptOf } from "./spending.ts";

/** Looks once into what is pending. @throws GatewayError `store_unavailable` */
export type Reconcile = (limit?: number) => Promise<Reconciled>;

/** Longest time that one payment is taken in hand, ms. */
const LEASE_MS = 60_000;
/** Payments in one round, unless told: a cron's time is short. */
const LIMIT = 50;

/** Makes the room. */
export function makeReconcile(store: PaymentStore & PendingStore, chain: Chain, emit: Emit): Reconcile {
  return async function reconcile(limit = LIMIT) {
    const counts = { seen: 0, settled: 0, failed: 0, owed: 0, doubtful: 0 };
    for (const spend of await store.due(limit)) {
      counts.seen += 1;
      const by = { spend, owner: crypto.randomUUID(), leaseMs: LEASE_MS, receipt: undefined };
      const outcome = await bringToAnEnd(store, chain, by);
      if (outcome) counts[outcome] += 1;
      if (outcome === "settled" || outcome === "failed")
        emit({ event: "payment_reconciled", level: "info", spend, outcome });
    }
    return counts;
  };
}

type Outcome = "settled" | "failed" | "owed" | "doubtful";

async function bringToAnEnd(
  store: PaymentStore & PendingStore,
  chain: Chain,
  by: ChangeBy,
): Promise<Outcome | undefined> {
  const found = await store.take(by);
  if (found.kind === "owed") return "owed";
  if (found.kind === "unreadable") return "doubtful";
  if (found.kind !== "doubt") return undefined;
  const { payment, since, reason } = found;
  const spending = await chain.lookUp(payment, since);
  switch (spending.kind) {
    case "spent": {
      const receipt = receiptOf(payment, spending);
      // Settled, and free at once for its payer to collect.
      await store.change({ ...by, receipt }, { to: "abandoned" });
      return "settled";
    }
    case "diverted":
    case "dead":
      await store.change(by, { to: "failed", reason: reasonOf(spending.kind) });
      return "failed";
    default:
      await store.change(by, { to: "unknown", reason: reason || "not_seen_to_end", transaction: "" });
      return "doubtful";
  }
}
