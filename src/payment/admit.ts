/**
 * Taking a payment in hand. One atomic question to the store before money or upstream is touched; what may not go on
 * becomes an answer here, what may becomes a `Claim`: the right to write this payment's record until the lease runs
 * out. The claim's writes go out in order, in the background, retried while the store is away; one that comes too late
 * (the lease ran out and another isolate took over) is refused by the store and reported.
 */
import type { Admission, Call, Claim, Payment } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock, Emit, PaymentChange, PaymentStore } from "../core/ports.ts";
import { encodeHeader, HEADERS, type PaymentRequirements } from "../core/x402.ts";

/** Records outlive the authorization by this much: clocks differ, and a replay must still find its record. */
const RECORD_MARGIN_MS = 10 * 60_000;
/** Waits before a write is tried again, ms. */
const RETRY_DELAYS_MS = [100, 500, 2000];
/** Told to clients that should come back for an outcome, seconds. */
const RETRY_AFTER_SECONDS = "5";

/** Claims the payment or refuses the call. @throws GatewayError `payment_*`, `store_unavailable` */
export type Admit = (call: Call, payment: Payment, accepts: PaymentRequirements[]) => Promise<Claim>;

/** Makes the room. `leaseMs` must be longer than a whole request may take. */
export function makeAdmit(options: {
  store: PaymentStore;
  emit: Emit;
  clock: Clock;
  leaseMs: (call: Call) => number;
}): Admit {
  const { store, emit, clock } = options;
  return async function admit(call, payment, accepts) {
    const owner = crypto.randomUUID();
    const leaseMs = options.leaseMs(call);
    const untilExpiry = Math.max(0, Number(payment.authorization.validBefore) * 1000 - clock());
    const { spend, fingerprint } = payment;
    const admission = await store.claim({
      spend,
      fingerprint,
      owner,
      leaseMs,
      ttlMs: untilExpiry + RECORD_MARGIN_MS,
    });
    if (admission.kind !== "claimed" && admission.kind !== "paid") throw refusal(admission, call, accepts);

    let writes: Promise<void> = Promise.resolve();
    const write = (change: PaymentChange) => {
      writes = writes.then(() => persist(store, emit, spend, owner, change));
      call.waitUntil(writes);
    };
    let closed = false;
    const close = (change: PaymentChange) => {
      if (!closed) write(change);
      closed = true;
    };
    const claim: Claim = {
      payment,
      leaseMs,
      receipt: admission.kind === "paid" ? admission.receipt : undefined,
      settled: (receipt) => {
        claim.receipt = receipt;
        write({ to: "settled", receipt });
      },
      failed: (reason) => close({ to: "failed", reason }),
      unknown: (reason) => close({ to: "unknown", reason }),
      abandoned: () => close({ to: "abandoned" }),
      delivered: () => close({ to: "delivered" }),
      renewed: () => write({ to: "renewed", leaseMs }),
    };
    return claim;
  };
}

/** Writes one change, never throws. */
async function persist(
  store: PaymentStore,
  emit: Emit,
  spend: string,
  owner: string,
  change: PaymentChange,
): Promise<void> {
  for (const delay of [0, ...RETRY_DELAYS_MS]) {
    try {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      if (!(await store.change(spend, owner, change))) {
        emit({ event: "claim_lost", level: "warn", spend, to: change.to });
      }
      return;
    } catch (error) {
      emit({ event: "record_write_failed", level: "error", spend, to: change.to, error: String(error) });
    }
  }
}

function refusal(
  admission: Exclude<Admission, { kind: "claimed" | "paid" }>,
  call: Call,
  accepts: PaymentRequirements[],
): GatewayError {
  switch (admission.kind) {
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
    case "unknown":
      return new GatewayError("payment_outcome_unknown", { headers: { "retry-after": RETRY_AFTER_SECONDS } });
    case "failed":
      return challenge(call, accepts, "payment_rejected", admission.reason);
  }
}
