/**
 * Taking a payment in hand. One atomic question to the store before money or upstream is touched; what may not go on
 * becomes an answer here, what may becomes a `Claim`: the right to write this payment's record. The right lasts for a
 * lease and is renewed while the claim is in hand, so that an isolate that dies holds a payment up for one lease at
 * most. The claim's writes go out in order, in the background, retried while the store is away, each with the receipt
 * once there is one; a write that comes too late is refused by the store, and the claim is lost.
 */
import type { Admission, Call, Claim, Payment } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { ChangeBy, Clock, PaymentChange, PaymentStore } from "../core/ports.ts";
import { encodeHeader, HEADERS, type PaymentRequirements } from "../core/x402.ts";
import type { Persist } from "./persist.ts";

/** Records outlive the authorization by this much: clocks differ, and a replay must still find its record. */
const RECORD_MARGIN_MS = 10 * 60_000;

/** Claims the payment or refuses the call. @throws GatewayError `payment_*`, `store_unavailable` */
export type Admit = (call: Call, payment: Payment, accepts: PaymentRequirements[]) => Promise<Claim>;

/** Makes the room. `leaseMs`: how long a payment is held up when its isolate dies. */
export function makeAdmit(options: {
  store: PaymentStore;
  persist: Persist;
  clock: Clock;
  leaseMs: number;
}): Admit {
  const { store, persist, clock, leaseMs } = options;
  return async function admit(call, payment, accepts) {
    const { spend, fingerprint, expired, scheme } = payment;
    const by = { spend, owner: crypto.randomUUID(), leaseMs, receipt: undefined };
    const untilExpiry = Math.max(0, Number(scheme.authorization.validBefore) * 1000 - clock());
    const ttlMs = untilExpiry + RECORD_MARGIN_MS;
    const admission = await store
      .claim({ ...by, fingerprint, ttlMs, create: expired === undefined })
      .catch((error: unknown) => {
        // The reply may be lost and the claim made: nothing has begun, so it is given back.
        call.waitUntil(persist(by, { to: "abandoned" }, [500]));
        throw error;
      });
    switch (admission.kind) {
      case "claimed":
        return hold(call, payment, by, undefined, persist);
      case "doubt":
        return hold(call, payment, by, admission.since, persist);
      case "paid":
        return hold(call, payment, { ...by, receipt: admission.receipt }, undefined, persist);
      default:
        throw refusal(admission, call, payment, accepts);
    }
  };
}

function hold(
  call: Call,
  payment: Payment,
  by: ChangeBy,
  inDoubtSince: number | undefined,
  persist: Persist,
): Claim {
  const lost = new AbortController();
  let writes: Promise<unknown> = Promise.resolve();
  let open = true;
  const write = (change: PaymentChange) => {
    const { receipt } = claim;
    writes = writes.then(async () => {
      if ((await persist({ ...by, receipt }, change)) === "refused") lost.abort();
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

function refusal(
  admission: Exclude<Admission, { kind: "claimed" | "paid" | "doubt" }>,
  call: Call,
  payment: Payment,
  accepts: PaymentRequirements[],
): GatewayError {
  switch (admission.kind) {
    case "absent":
      return challenge(call, accepts, "payment_rejected", payment.expired);
    case "busy": {
      const seconds = Math.max(1, Math.ceil(admission.retryAfterMs / 1000));
      return new GatewayError("payment_in_progress", {
        headers: { "retry-after": String(Math.min(seconds, 5)) },
      });
    }
    case "conflict":
      return new GatewayError("payment_conflict");
    case "used":
      return new GatewayError("payment_already_used", {
        headers: { [HEADERS.response]: encodeHeader(admission.receipt) },
      });
    case "failed":
      return challenge(call, accepts, "payment_rejected", admission.reason);
  }
}
