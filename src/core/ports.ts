/** What the rooms need from outside, as they would say it; `stores/` and `facilitator/` implement it. */
import type { Admission, Payment } from "./call.ts";
import type { Receipt } from "./x402.ts";

/** A change of a payment's record that only the owner of its claim may make. */
export type PaymentChange =
  | { to: "settled" | "delivered" | "abandoned" | "broken" | "renewed" }
  | { to: "failed"; reason: string }
  | { to: "unknown"; reason: string; transaction: string };

/** Who changes it. A receipt that is known goes with every change, so that one lost write loses nothing. */
export type ChangeBy = { spend: string; owner: string; leaseMs: number; receipt: Receipt | undefined };

/** The payment records: one per spend identity, every change atomic and fenced by the owner's token. */
export type PaymentStore = {
  /**
   * Takes the payment in hand or says why not. Safe to repeat with the same owner.
   * @throws GatewayError `store_unavailable`
   */
  claim: (claim: {
    spend: string;
    fingerprint: string;
    owner: string;
    leaseMs: number;
    ttlMs: number;
    /** False only looks: a payment that is not on record is `absent`. */
    create: boolean;
  }) => Promise<Admission>;
  /**
   * Applies a change; false when this owner no longer holds the claim.
   * @throws GatewayError `store_unavailable`
   */
  change: (by: ChangeBy, change: PaymentChange) => Promise<boolean>;
};

/** A facilitator's word on a payment before money moves. */
export type Verification = { valid: true } | { valid: false; reason: string };

/**
 * How a settlement ended. `failed`: the payment is no good. `refused`: the facilitator did not take the request, and
 * nothing moved. `unknown`: it may or may not have happened.
 */
export type Settlement =
  | { kind: "settled"; receipt: Receipt }
  | { kind: "failed"; reason: string }
  | { kind: "refused"; reason: string }
  | { kind: "unknown"; reason: string; transaction?: string };

/** Checks and settles payments. */
export type Facilitator = {
  /** @throws GatewayError `facilitator_unavailable` */
  verify: (payment: Payment) => Promise<Verification>;
  /** Never throws: whatever goes wrong after the request may have left is `unknown`. */
  settle: (payment: Payment) => Promise<Settlement>;
};

/**
 * What the chain knows of an authorization. `open`: unspent, and could still be spent; `dead`: unspent, and too late;
 * `diverted`: spent, but not on this payment.
 */
export type Spending =
  | { kind: "spent"; transaction: string }
  | { kind: "diverted" | "dead" | "open" | "unavailable" };

/** The chain, as a witness. */
export type Chain = {
  /**
   * What became of the authorization; `since` (ms) is when it was first presented here: what was spent before that
   * bought something else. Never throws: a node that does not answer is `unavailable`.
   */
  lookUp: (payment: Payment, since: number) => Promise<Spending>;
};

/** Something the operator should be able to see; never holds secrets or whole payments. */
export type Event = {
  event: string;
  level: "info" | "warn" | "error";
  [field: string]: unknown;
};

/** Takes events; never throws and never waits. */
export type Emit = (event: Event) => void;

/** Milliseconds since 1970. */
export type Clock = () => number;
