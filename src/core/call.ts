/** The vocabulary of one request: what the rooms hand to each other. */
import type { KeptAnswer } from "./answer.ts";
import type { Arrival } from "./arrival.ts";
import type { RequestBody } from "./body.ts";
import type { CacheRules } from "./cache.ts";
import type { SchemePayload } from "./payloads.ts";
import type { Quoted } from "./quote.ts";
import type { Route } from "./route.ts";
import type { PaymentRequirements, Receipt } from "./x402.ts";

/** A request with the route it matched. */
export type Call = Arrival & {
  url: URL;
  route: Route;
  /** Decoded path parameters; the rest behind `*` under `"*"`, still encoded. */
  params: Record<string, string>;
  /** The upstream's URL for this call, at the first of its targets. */
  target: URL;
  /** Ids of targets that have failed too often of late, as the store knew when the call was admitted. */
  out?: ReadonlySet<string> | undefined;
  body: RequestBody;
  /** The cache of the `GET` route at the same path, where this call may change what is kept there. */
  outdates?: CacheRules | undefined;
  /** What its price depends on; there once it has one. */
  quoted?: Quoted;
};

type Told = { url: string } & Record<string, unknown>;

/** A payment that is good for this call as far as can be told without asking anyone. */
export type Payment = {
  /** The version of x402 that its client speaks; the facilitator is asked in the same. */
  version: 1 | 2;
  /** What was signed, and nothing else of what the client sent. */
  scheme: SchemePayload;
  /** Who signed, as the payload says; undefined while only the facilitator can tell (Solana). */
  payer: string | undefined;
  /** Until when it could be settled, seconds since 1970: after that its record matters no more. */
  validBefore: number;
  /** The URL that was asked for, without its query; version 1 shows it to the facilitator. */
  resource: string;
  /** What catalogues of facilitators are told of the call, in our own words; none where nothing is told. */
  told?: { resource: Told; extensions: Record<string, unknown> } | undefined;
  /** Our own requirement that it meets. */
  requirements: PaymentRequirements;
  /** True when the signature was recovered to `payer`; wallets with code, and Solana's, cannot be proven here. */
  proven: boolean;
  /** Too late to settle, for this reason: it can only collect what it has already paid for. */
  expired: string | undefined;
  /** Hash of what the chain allows to be spent once (EIP-3009: network, asset, payer, nonce). */
  spend: string;
  /** Hash of the call and the terms it was bought on. */
  fingerprint: string;
  /** What the client calls this purchase (`payment-identifier`): hashes of the name under its payer, and of the call. */
  identifier: { name: string; call: string } | undefined;
};

/**
 * A payment taken in hand by this isolate, renewed while it is. The verbs note how it went; the last four are its last
 * word, and whatever is noted after that is not heard.
 */
export type Claim = {
  payment: Payment;
  /** It was presented before, so that it may be public: a settled signature is. */
  repeated: boolean;
  /** Present when a settlement was begun earlier and not seen to end: when the payment was first claimed, ms. */
  inDoubtSince: number | undefined;
  /** Present once the money has moved. */
  receipt: Receipt | undefined;
  /** The facilitator has said that the payment is valid. */
  verified: boolean;
  /** The answer that was produced before, if it was kept. */
  answer: KeptAnswer | undefined;
  /** The answer has not paid its debt before this is true: `delivered` waits for it, and is `abandoned` if it fails. */
  owes: (debt: Promise<boolean>) => void;
  /** What is to be charged, atomic units: the call was served, and the payment buys nothing more. */
  due: string | undefined;
  /** Goes along with each renewal from now on: what is due if nothing more is heard. */
  tallies: (soFar: () => string) => void;
  /** So much is to be charged for what was served; false when that is another isolate's to say. Waits until it is noted. */
  charges: (amount: string) => Promise<boolean>;
  /** Aborted when the lease was lost: another isolate may be serving this payment. */
  lost: AbortSignal;
  /** The money moved. */
  settled: (receipt: Receipt) => void;
  /** It may have moved; `transaction` is the hash that may tell, if one was named. */
  unknown: (reason: string, transaction?: string) => void;
  /** It certainly did not and will not; `reason` is an x402 error reason. */
  failed: (reason: string) => void;
  /** Keeps an answer that was produced while it is in doubt whether it is paid; heard after `unknown`. */
  keep: (answer: KeptAnswer) => void;
  /** The answer reached the client; given, it is kept. */
  delivered: (answer?: KeptAnswer) => void;
  /**
   * Nothing reached the client. Unsettled: nothing is under way, and the payment can be used again. Settled: it can be
   * presented again at once to collect what it paid for.
   */
  abandoned: () => void;
  /** As `abandoned`, after a part had already gone out: that may be a trick, so a payment has only a few of these. */
  broken: () => void;
};

/** How a call may go on. */
export type Access =
  | { kind: "free" }
  /** Within paid time, which ends then, ms since 1970. */
  | { kind: "session"; endsAt: number }
  /** On a credit; `giveBack` is for a call that was not served, and gives the answer's fields. Never throws. */
  | { kind: "credit"; giveBack: () => Promise<Record<string, string>> }
  | { kind: "claimed"; claim: Claim }
  /** The answer was delivered before, and is handed out again. */
  | { kind: "kept"; receipt: Receipt; answer: KeptAnswer };

/** A call that may go on; the headers belong on its answer, whatever that is. */
export type Admitted = { access: Access; headers: Record<string, string>; out?: Call["out"] };

/** A session token as a client presents it: the session's id, and what only its owner knows. */
export type Ticket = { id: string; secret: string };
