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
  /** True when it was not the client that ended the connection, where the platform can tell. */
  wasCut?: () => boolean;
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

/**
 * An upstream's answer; `stop` ends it on both sides. `held` is what must not be forgotten meanwhile: Node cancels the body
 * of a fetched response that nobody holds any more.
 */
export type Answer = {
  response: Response;
  stop: () => void;
  held?: unknown;
  /** Why it shall not be charged, though it may be worth its price. */
  unsettled?: string;
};

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
  /** What the client calls this purchase (`payment-identifier`): hashes of the name under its payer, and of the call. */
  identifier: { name: string; call: string } | undefined;
};

/** An answer that was kept to be handed out again: name and value of each header, and the body in base64. */
export type KeptAnswer = { status: number; headers: [string, string][]; body: string };

/** What the payment record says of a payment that is presented; only the first three may go on with it. */
export type Admission =
  /** `good`: the facilitator has said so before. */
  | { kind: "claimed"; good: boolean }
  /** `spend`: the record is that of an earlier payment with the same identifier. */
  | { kind: "paid"; receipt: Receipt; answer: KeptAnswer | undefined; spend?: string }
  | { kind: "doubt"; since: number; answer: KeptAnswer | undefined }
  /** Nothing was claimed: the payer has paid for the time until then, ms since 1970. */
  | { kind: "session"; endsAt: number }
  | { kind: "kept"; receipt: Receipt; answer: KeptAnswer }
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
  | { kind: "claimed"; claim: Claim }
  /** The answer was delivered before, and is handed out again. */
  | { kind: "kept"; receipt: Receipt; answer: KeptAnswer };

/** A call that may go on; the headers belong on its answer, whatever that is. */
export type Admitted = { access: Access; headers: Record<string, string> };

/** A session token as a client presents it: the session's id, and what only its owner knows. */
export type Ticket = { id: string; secret: string };
