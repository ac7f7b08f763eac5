/** What reconciliation says of a charge that cannot be made any more. */
import { expect, it } from "vitest";
import type { Event } from "../../src/core/events.ts";
import type { Found, PaymentStore, PendingStore } from "../../src/core/ports.ts";
import { makeReconcile } from "../../src/settlement/reconcile.ts";
import { paymentOf } from "./call.ts";

it.each([
  ["1234", ["charge_failed", "payment_reconciled"]],
  [undefined, ["payment_reconciled"]],
])("a payment that is dead with %s due is told as lost money, if it is", async (amount, told) => {
  const events: Event[] = [];
  const { scheme, requirements } = paymentOf();
  const payment = { scheme, requirements, ...(amount ? { amount } : {}) };
  const found: Found = { kind: "doubt", payment, since: 1, reason: "" };
  const reconcile = makeReconcile({
    store: {
      due: async () => ["spend"],
      take: async () => found,
      change: async () => true,
    } as unknown as PaymentStore & PendingStore,
    chain: { lookUp: async () => ({ kind: "dead" }) },
    charge: async () => Promise.reject(new Error("it is too late")),
    emit: (event) => void events.push(event),
  });
  expect(await reconcile()).toMatchObject({ seen: 1, failed: 1 });
  expect(events.map(({ event }) => event)).toEqual(told);
  if (amount) expect(events[0]).toMatchObject({ level: "error", amount, spend: "spend" });
});
