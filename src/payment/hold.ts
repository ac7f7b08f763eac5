/**
 * A payment in hand: the right to write its record. It lasts for a lease and is renewed while the claim is in hand. The
 * writes go out in order, in the background, each with the receipt once there is one; a write that comes too late is
 * refused by the store, and the claim is lost.
 */

import type { Admission } from "../core/admission.ts";
import type { KeptAnswer } from "../core/answer.ts";
import type { Call, Claim, Payment } from "../core/call.ts";
import type { ChangeBy, PaymentChange } from "../core/ports.ts";
import type { Persist } from "./persist.ts";

/** Makes the claim of a payment that was admitted. */
export function hold(
  call: Call,
  payment: Payment,
  { spend, owner, leaseMs, name }: ChangeBy,
  admission: Extract<Admission, { kind: "claimed" | "doubt" | "paid" }>,
  persist: Persist,
): Claim {
  const { keepAnswerMs, goodMs } = call.route;
  const paid = admission.kind === "paid" ? admission : undefined;
  // Under a name, what is in hand is the payment that has bought it.
  const by = { spend: paid?.spend ?? spend, owner, leaseMs, name };
  const known = admission.kind === "claimed" && admission.good;
  const lost = new AbortController();
  let writes: Promise<unknown> = Promise.resolve();
  let open = true;
  let debt: Promise<boolean> | undefined;
  let noted = true;
  const write = (change: PaymentChange) => {
    const { receipt } = claim;
    const writing = writes.then(async () => {
      const last = change.to === "delivered" || change.to === "broken";
      // Nobody renews the lease any more: what is not paid by half of it stays owed.
      const settled = !last || !debt || (await Promise.race([debt, after(leaseMs / 2, false)]));
      const written = await persist({ ...by, receipt }, settled ? change : { to: "abandoned" });
      if (written === "refused") lost.abort();
      return written;
    });
    writes = writing;
    call.waitUntil(writes);
    return writing;
  };
  const writeDue = async (amount: string) => {
    const written = await write({ to: "due", amount });
    noted = written !== "failed";
    return written !== "refused";
  };
  let tally: (() => string) | undefined;
  const renew = () => {
    const amount = tally?.() ?? "0";
    // Written down on the way: an isolate that dies does not take with it what it has served.
    void write(amount === "0" ? { to: "renewed" } : { to: "due", amount });
  };
  const renewal = setInterval(renew, leaseMs / 3);
  const close = (change: PaymentChange) => {
    if (open) write(change);
    open = false;
    clearInterval(renewal);
  };
  const kept = (answer: KeptAnswer | undefined) => answer && { answer, forMs: keepAnswerMs };
  const claim: Claim = {
    payment: { ...payment, spend: by.spend },
    repeated: admission.kind !== "claimed",
    inDoubtSince: admission.kind === "doubt" ? admission.since : undefined,
    receipt: paid?.receipt,
    verified: known,
    answer: admission.kind === "claimed" ? undefined : admission.answer,
    due: admission.kind === "doubt" ? admission.due : undefined,
    tallies: (soFar) => {
      tally = soFar;
    },
    charges: (amount) => {
      tally = undefined;
      claim.due = amount;
      noted = false;
      return writeDue(amount);
    },
    owes: (owed) => {
      debt = owed.catch(() => false);
    },
    lost: lost.signal,
    settled: (receipt) => {
      claim.receipt = receipt;
      write({ to: "settled" });
    },
    unknown: (reason, transaction = "") => {
      // A store that was away then may be there now.
      if (open && claim.due !== undefined && !noted) void writeDue(claim.due);
      close({ to: "unknown", reason, transaction });
    },
    keep: (answer) => write({ to: "kept", kept: { answer, forMs: keepAnswerMs } }),
    failed: (reason) => close({ to: "failed", reason }),
    delivered: (answer) => close({ to: "delivered", kept: kept(answer) }),
    abandoned: () => close({ to: "abandoned", goodMs: claim.verified && !known ? goodMs : 0 }),
    broken: () => close({ to: "broken" }),
  };
  return claim;
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}
