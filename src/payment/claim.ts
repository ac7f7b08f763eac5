/**
 * Taking a payment in hand. One atomic question to the store before money or upstream is touched; what may not go on
 * becomes an answer here, what may becomes a `Claim` (`hold.ts`). An isolate that dies holds a payment up for one lease
 * at most.
 */

import type { Admission } from "../core/admission.ts";
import type { KeptAnswer } from "../core/answer.ts";
import type { Call, Claim, Payment } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import type { ChangeBy, PaymentStore, Sold } from "../core/ports.ts";
import { receiptHeaders } from "../core/receipt.ts";
import type { Balance, Batch, Instead } from "../core/stores.ts";
import type { PaymentRequirements, Receipt } from "../core/x402.ts";
import { hold } from "./hold.ts";
import type { Persist } from "./persist.ts";

/** Records outlive the authorization by this much: clocks differ, and a replay must still find its record. */
const RECORD_MARGIN_MS = 10 * 60_000;

/** How taking a payment in hand ended. */
export type Taken =
  | { kind: "claimed"; claim: Claim }
  /** Nothing was taken: the payer's session runs until then, ms since 1970. */
  | { kind: "session"; endsAt: number }
  /** Nothing was taken: one of the payer's credits was drawn. */
  | { kind: "credit"; balance: Balance }
  /** Nothing was taken: its answer was delivered, and kept. */
  | { kind: "kept"; receipt: Receipt; answer: KeptAnswer }
  | { kind: "refused"; error: GatewayError };

/** A claim on its way. */
export type Taking = {
  /** @throws GatewayError `store_unavailable` */
  taken: Promise<Taken>;
  /** Gives back what was taken, or may have been: the call goes on without it, or not at all. */
  letGo: () => void;
};

/** Puts the claim to a batch. `instead` is what the payer may have in its place. */
export type Take = (
  call: Call,
  payment: Payment,
  accepts: PaymentRequirements[],
  batch: Pick<Batch, "add">,
  instead: Instead,
) => Taking;

/** Makes the room. `leaseMs`: how long a payment is held up when its isolate dies. */
export function makeTake(options: {
  store: PaymentStore;
  persist: Persist;
  clock: Clock;
  leaseMs: number;
}): Take {
  const { store, persist, clock, leaseMs } = options;
  return function take(call, payment, accepts, batch, instead) {
    const { spend, fingerprint, expired, scheme, requirements, identifier, validBefore } = payment;
    const name = identifier?.name;
    const by = { spend, owner: crypto.randomUUID(), leaseMs, receipt: undefined, name };
    const untilExpiry = Math.max(0, validBefore * 1000 - clock());
    const question = store.claim({
      ...by,
      fingerprint,
      ttlMs: untilExpiry + withJitter(RECORD_MARGIN_MS),
      create: expired === undefined,
      instead,
      identifier,
      payment: { scheme, requirements },
      sold: soldBy(call, requirements),
    });
    const taken = batch.add(question).then((admission): Taken => {
      switch (admission.kind) {
        case "session":
        case "credit":
        case "kept":
          return admission;
        case "claimed":
        case "doubt":
        case "paid":
          return { kind: "claimed", claim: hold(call, payment, by, admission, persist) };
        default:
          return { kind: "refused", error: refusal(admission, call, payment, accepts) };
      }
    });
    const letGo = () => {
      const given = taken.then(
        (outcome) => (outcome.kind === "claimed" ? outcome.claim.abandoned() : undefined),
        (error: unknown) =>
          giveBack(persist, by, error instanceof GatewayError && error.details.late === true),
      );
      call.waitUntil(given);
    };
    return { taken, letGo };
  };
}

/**
 * The reply may be lost and the claim made: nothing has begun, so it is given back. A store that is slow may make it even
 * after that, and then it is given back once more.
 */
async function giveBack(persist: Persist, by: ChangeBy, late: boolean): Promise<void> {
  const given = await persist(by, { to: "abandoned" }, [500]);
  if (given === "written" || !late) return;
  await new Promise((resolve) => setTimeout(resolve, by.leaseMs / 10));
  await persist(by, { to: "abandoned" }, [500]);
}

/** What the ledger tells of it: a payment can be entered by instances that do not know its route. */
function soldBy({ route }: Call, { network, asset }: PaymentRequirements): Sold | undefined {
  const offer = route.offers.find((each) => each.network === network && each.asset.address === asset);
  return offer && { route: route.key, symbol: offer.symbol, decimals: offer.asset.decimals };
}

/** Records that were made together do not all go together. */
function withJitter(ms: number): number {
  return Math.round(ms * (1 + Math.random() / 30));
}

function refusal(
  admission: Exclude<Admission, { kind: "claimed" | "paid" | "doubt" | "session" | "credit" | "kept" }>,
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
        headers: receiptHeaders(call.request, admission.receipt),
      });
    case "failed":
      return challenge(call, accepts, "payment_rejected", admission.reason);
  }
}
