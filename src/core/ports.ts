/** What the rooms need from outside, as they would say it; `stores/` and `facilitator/` implement it. */
import type { Admission, Payment } from "./call.ts";
import type { RateLimit } from "./limit.ts";
import type { Receipt } from "./x402.ts";

/** A script to run on its keys; `args` are strings so that nothing is rounded on the way. */
export type ScriptCall = { script: string; keys: string[]; args: string[] };

/** Runs scripts on one store in one request, in order. @throws GatewayError `store_unavailable` */
export type RunScripts = (calls: ScriptCall[]) => Promise<unknown[]>;

/** What a store is asked, and how its replies are read; plain data until it is sent. */
export type Question<T> = {
  run: RunScripts;
  calls: ScriptCall[];
  read: (replies: unknown[]) => T | Promise<T>;
};

/** Questions that leave together: in one request for all that go to one connection, at the same time to others. */
export type Batch = {
  /** The answer, once the batch was sent. @throws GatewayError `store_unavailable` */
  add: <T>(question: Question<T>) => Promise<T>;
  send: () => void;
};

/** A change of a payment's record that only the owner of its claim may make. */
export type PaymentChange =
  | { to: "settled" | "delivered" | "abandoned" | "broken" | "renewed" }
  | { to: "failed"; reason: string }
  | { to: "unknown"; reason: string; transaction: string };

/** Who changes it. A receipt that is known goes with every change, so that one lost write loses nothing. */
export type ChangeBy = { spend: string; owner: string; leaseMs: number; receipt: Receipt | undefined };

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
    /** A new payment is not claimed while this session runs, if it is kept in the same place. */
    session?: SessionName | undefined;
  }) => Question<Admission>;
  /**
   * Applies a change; false when this owner no longer holds the claim.
   * @throws GatewayError `store_unavailable`
   */
  change: (by: ChangeBy, change: PaymentChange) => Promise<boolean>;
};

/** A session: its id, a hash over group and payer, and the group of routes it opens. */
export type SessionName = { id: string; group: string };

/** Paid time, one record for each payer and group. All times are ms since 1970. */
export type SessionStore = {
  /** The id of a payer's session. */
  idOf: (group: string, network: string, payer: string) => Promise<string>;
  /** When the session ends; undefined when it does not run or the secret is not one of its own. */
  endOf: (session: SessionName & { secret?: string }) => Promise<Question<number | undefined>>;
  /**
   * Adds time for a payment, once however often it is asked, and takes a further secret. Gives the end.
   * @throws GatewayError `store_unavailable`
   */
  grant: (grant: SessionName & { spend: string; secret: string; durationMs: number }) => Promise<number>;
  /**
   * Ends a session and forgets its secrets; false when none runs. What was paid for it does not open it again.
   * @throws GatewayError `store_unavailable`
   */
  revoke: (id: string) => Promise<boolean>;
};

/** What a rate limit says of one more call. */
export type Allowance = {
  allowed: boolean;
  /** Calls that are left. */
  remaining: number;
  /** Until there are more, or until the ban ends, ms. */
  resetMs: number;
  banned: boolean;
};

/** The counters of rate limits. `scope` is what a limit counts apart, `client` who is counted, in the clear. */
export type Limiter = {
  /** Counts one call. */
  count: (limit: RateLimit, scope: string, client: string) => Promise<Question<Allowance>>;
  /**
   * Notes that a call was refused: enough of these are a ban.
   * @throws GatewayError `store_unavailable`
   */
  strike: (limit: RateLimit, scope: string, client: string) => Promise<void>;
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
