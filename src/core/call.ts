/** The vocabulary of one request: what the rooms hand to each other. */

import type { Route } from "./route.ts";
import type { Eip3009Payload, PaymentPayload, PaymentRequirements, Receipt } from "./x402.ts";

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
};

/** What this call costs: nothing, or one of these requirements. Equal for equal requests. */
export type Quote = { kind: "free" } | { kind: "priced"; accepts: PaymentRequirements[] };

/** A payment that is good for this call as far as can be told without asking anyone. */
export type Payment = {
  /** As the client sent it; goes to the facilitator unchanged. */
  payload: PaymentPayload;
  /** Our own requirement that it meets. */
  requirements: PaymentRequirements;
  authorization: Eip3009Payload["authorization"];
  /** True when the signature was recovered to `authorization.from`; wallets with code cannot be proven here. */
  proven: boolean;
  /** Hash of what the chain allows to be spent once (network, asset, from, nonce). */
  spend: string;
  /** Hash of the call and the terms it was bought on. */
  fingerprint: string;
};

/** What the payment record says of a payment that is presented; only the first two may go on. */
export type Admission =
  | { kind: "claimed" }
  | { kind: "paid"; receipt: Receipt }
  | { kind: "used"; receipt: Receipt }
  | { kind: "busy"; retryAfterMs: number }
  | { kind: "conflict" }
  | { kind: "failed"; reason: string }
  | { kind: "unknown" };

/** A payment taken in hand by this isolate; every further write carries its owner's token. */
export type Claim = {
  payment: Payment;
  /** How long the claim holds without renewal, ms. */
  leaseMs: number;
  /** Present once the money has moved. */
  receipt: Receipt | undefined;
  /** Notes that the money moved. */
  settled: (receipt: Receipt) => void;
  /** Notes that it certainly did not and will not; `reason` is an x402 error reason. */
  failed: (reason: string) => void;
  /** Notes that it may have. */
  unknown: (reason: string) => void;
  /** Notes that the answer reached the client. */
  delivered: () => void;
  /**
   * Lets go without an answer delivered. Unsettled: nothing moved and nothing is under way, the payment can be used
   * again. Settled: it can be presented again at once to collect what it paid for. No effect after `failed`, `unknown`.
   */
  abandoned: () => void;
  /** Extends the lease while a long answer streams. */
  renewed: () => void;
};
