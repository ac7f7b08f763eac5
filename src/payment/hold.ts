/**
 * A payment in hand: the right to write its record. It lasts for a lease and is renewed while the claim is in hand. The
 * writes go out in order, in the background, each with the receipt once there is one; a write that comes too late is
 * refused by the store, and the claim is lost.
 */
import type { Call, Claim, Payment } from "../core/call.ts";
import type { ChangeBy, PaymentChange } from "../core/ports.ts";
import type { Persist } from "./persist.ts";

/** Makes the claim of a payment that was admitted. */
export function hold(
  call: Call,
  payment: Payment,
  by: ChangeBy,
  inDoubtSince: number | undefined,
  persist: Persist,
): Claim {
  const lost = new AbortController();
  let writes: Promise<unknown> = Promise.resolve();
  let open = true;
  let debt = Promise.resolve(true);
  const write = (change: PaymentChange) => {
    const { receipt } = claim;
    writes = writes.then(async () => {
      const settled = change.to !== "delivered" || (await debt);
      const written = await persist({ ...by, receipt }, settled ? change : { to: "abandoned" });
      if (written === "refused") lost.abort();
    });
    call.waitUntil(writes);
  };
  const renewal = setInterval(() => write({ to: "renewed" }), by.leaseMs / 3);
  const close = (change: PaymentChange) => {
    if (open) write(change);
    open = false;
    clearInterval(renewal);
  };
  const claim: Claim = {
    payment,
    inDoubtSince,
    receipt: by.receipt,
    owes: (owed) => {
      debt = owed.catch(() => false);
    },
    lost: lost.signal,
    settled: (receipt) => {
      claim.receipt = receipt;
      write({ to: "settled" });
    },
    unknown: (reason, transaction = "") => close({ to: "unknown", reason, transaction }),
    failed: (reason) => close({ to: "failed", reason }),
    delivered: () => close({ to: "delivered" }),
    abandoned: () => close({ to: "abandoned" }),
    broken: () => close({ to: "broken" }),
  };
  return claim;
}
