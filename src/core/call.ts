/** The vocabulary of one request: what the rooms hand to each other. */
import type { Route } from "./route.ts";
import type { Eip3009Payload, PaymentRequirements, Receipt } from "./x402.ts";

/** A request as the platform delivered it. */
export type Arrival = {
  request: Request;
  /** Path as it was on the wire, where the platform still knows it; else that of `request.url`. */
  rawPath: string;
  /** Address of the client as the platform vouches for it. */
  clientAddress: string | undefined;
  /** Keeps the isolate alive until the promise is done. */
  waitUntil: (work: Promise<unknown>) => void;
};

/** A request with the route it matched. */
export type Call = Arrival & {
  url: URL;
  route: Route;
  /** Decoded path parameters; the rest behind `*` under `"*"`, still encoded. */
  params: Record<string, string>;
  /** The upstream's URL for this call. */
  target: URL;
};

/** What this call costs: nothing, or one of these requirements. Equal for equal requests. */
export type Quote = { kind: "free" } | { kind: "priced"; accepts: PaymentRequirements[] };

/** An upstream's answer; `stop` ends it on both sides. */
export type Answer = { response: Response; stop: () => void };

/** A payment that is good for this call as far as can be told without asking anyone. */
export type Payment = {
  /** Signature and authorization, and nothing else of what the client sent. */
  scheme: Eip3009Payload;
  /** Our own requirement that it meets. */
  requirements: PaymentRequirements;
  /** True when the signature was recovered to `authorization.from`; wallets with code cannot be proven here. */
  proven: boolean;
  /** Too late to settle, for this reason: it can only collect what it has already paid for. */
  expired: string | undefined;
  /** Hash of what the chain allows to be spent once (network, asset, from, nonce). */
  spend: string;
  /** Hash of the call and the terms it was bought on. */
  fingerprint: string;
};

/** What the payment record says of a payment that is presented; only the first three may go on with it. */
export type Admission =
  | { kind: "claimed" }
  | { kind: "paid"; receipt: Receipt }
  | { kind: "doubt"; since: number }
  /** Nothing was claimed: the payer has paid for the time until then, ms since 1970. */
  | { kind: "session"; endsAt: number }
  | { kind: "used"; receipt: Receipt }
  | { kind: "absent" }
  | { kind: "busy"; retryAfterMs: number }
  | { kind: "conflict" }
  | { kind: "failed"; reason: string };

/**
 * A payment taken in hand by this isolate, renewed while it is. The verbs note how it went; the last four are its last
 * word, and whatever is noted after that is not heard.
 */
export type Claim = {
  payment: Payment;
  /** Present when a settlement was begun earlier and not seen to end: when the payment was first claimed, ms. */
  inDoubtSince: number | undefined;
  /** Present once the money has moved. */
  receipt: Receipt | undefined;
  /** The answer has not paid its debt before this is true: `delivered` waits for it, and is `abandoned` if it fails. */
  owes: (debt: Promise<boolean>) => void;
  /** Aborted when the lease was lost: another isolate may be serving this payment. */
  lost: AbortSignal;
  /** The money moved. */
  settled: (receipt: Receipt) => void;
  /** It may have moved; `transaction` is the hash that may tell, if one was named. */
  unknown: (reason: string, transaction?: string) => void;
  /** It certainly did not and will not; `reason` is an x402 error reason. */
  failed: (reason: string) => void;
  /** The answer reached the client. */
  delivered: () => void;
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
  | { kind: "claimed"; claim: Claim };

/** A call that may go on; the headers belong on its answer, whatever that is. */
export type Admitted = { access: Access; headers: Record<string, string> };

/** A session token as a client presents it: the session's id, and what only its owner knows. */
export type Ticket = { id: string; secret: string };
