/** What the rooms need from outside, as they would say it; `stores/` and `facilitator/` implement it. */

import type { Admission } from "./admission.ts";
import type { KeptAnswer } from "./answer.ts";
import type { Payment } from "./call.ts";
import type { Spent } from "./payloads.ts";
import type { Instead, Question } from "./stores.ts";
import type { PaymentRequirements, Receipt } from "./x402.ts";

/** A change of a payment's record that only the owner of its claim may make. */
export type PaymentChange =
  | { to: "settled" | "broken" | "renewed" }
  /** `goodMs`: the payment was found to be valid, which counts for so long. */
  | { to: "abandoned"; goodMs?: number }
  | { to: "delivered"; kept?: Kept | undefined }
  | { to: "kept"; kept: Kept }
  /** So much is to be charged for what was served, atomic units. */
  | { to: "due"; amount: string }
  | { to: "failed"; reason: string }
  | { to: "unknown"; reason: string; transaction: string };

/** An answer, and how long it may be handed out again. */
export type Kept = { answer: KeptAnswer; forMs: number };

/** What is sold, as the ledger tells it: the route as configured, and the token it is paid in. */
export type Sold = { route: string; symbol: string; decimals: number };

/** Who changes it. A receipt that is known goes with every change, so that one lost write loses nothing. */
export type ChangeBy = {
  spend: string;
  owner: string;
  leaseMs: number;
  receipt: Receipt | undefined;
  /** What the client calls the purchase, if it does: forgotten with what was not bought. */
  name?: string | undefined;
};

/** The payment records: one per spend identity, every change atomic and fenced by the owner's token. */
export type PaymentStore = {
  /** Takes the payment in hand or says why not. Safe to repeat with the same owner. */
  claim: (claim: {
    spend: string;
    fingerprint: string;
    owner: string;
    leaseMs: number;
    ttlMs: number;
    /** False only looks: a payment that is not on record is `absent`. */
    create: boolean;
    /** A new payment is not claimed while one of these lets its payer through, if they are kept in the same place. */
    instead?: Instead | undefined;
    /** One payment for each name: another one with it is answered as the first. */
    identifier?: Payment["identifier"];
    /** Kept with the record; without it nobody but its payer can find out what became of it. */
    payment?: Spent;
    /** Kept with the record, for the ledger. */
    sold?: Sold | undefined;
  }) => Question<Admission>;
  /**
   * Applies a change; false when this owner no longer holds the claim.
   * @throws GatewayError `store_unavailable`
   */
  change: (by: ChangeBy, change: PaymentChange) => Promise<boolean>;
};

/** What is found of a payment that was not brought to an end. */
export type Found =
  /** Taken in hand: a settlement may have been begun. `since` is when it was first claimed, ms since 1970. */
  | { kind: "doubt"; payment: Spent; since: number; reason: string }
  /** Paid, and not yet delivered. */
  | { kind: "owed"; receipt: Receipt; since: number }
  /** In somebody's hands, brought to an end meanwhile, or without what is needed to look it up. */
  | { kind: "busy" | "over" | "gone" | "unreadable" };

/** The index of payments that were not brought to an end. All throw GatewayError `store_unavailable`. */
export type PendingStore = {
  /** Payments that it is time to look into, at most `limit`. */
  due: (limit: number) => Promise<string[]>;
  /** Takes one in hand to look into it. */
  take: (by: ChangeBy) => Promise<Found>;
};

/** What a look into pending payments has found, in payments. */
export type Reconciled = {
  /** Looked into. */
  seen: number;
  /** Found on the chain: paid, and owed to their payers from now on. */
  settled: number;
  /** Cannot be settled any more. */
  failed: number;
  /** Paid earlier, and not yet delivered. */
  owed: number;
  /** Not known yet: still spendable, or nobody to ask. */
  doubtful: number;
};

/** A facilitator's word on a payment before money moves. */
export type Verification = { valid: true; payer?: string } | { valid: false; reason: string };

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
  /**
   * Never throws: whatever goes wrong after the request may have left is `unknown`. `amount` is what is charged of an
   * `upto` payment, atomic units; all of it unless given.
   */
  settle: (payment: Payment, amount?: string) => Promise<Settlement>;
};

/** What facilitators add to requirements: an account of theirs, where a scheme names one (`upto`, Solana). */
export type Kinds = {
  /**
   * The requirements that can be paid, each complete. Asks nobody where nothing is missing.
   * @throws GatewayError `facilitator_unavailable` when none is left
   */
  complete: (accepts: PaymentRequirements[]) => Promise<PaymentRequirements[]>;
  /** Whether the account in these requirements is one of the facilitator's; asked anew if it is not known. */
  names: (requirements: PaymentRequirements) => Promise<boolean>;
};

/**
 * What the chain knows of an authorization. `open`: unspent, and could still be spent; `dead`: unspent, and too late;
 * `diverted`: spent, but not on this payment.
 */
export type Spending =
  /** `amount`: what was taken, where that may be less than was signed for. */
  | { kind: "spent"; transaction: string; amount?: string }
  | { kind: "diverted" | "dead" | "open" | "unavailable" };

/** The chain, as a witness. */
export type Chain = {
  /**
   * What became of the authorization; `since` (ms) is when it was first presented here: what was spent before that
   * bought something else. Never throws: a node that does not answer is `unavailable`.
   */
  lookUp: (payment: Spent, since: number) => Promise<Spending>;
};
