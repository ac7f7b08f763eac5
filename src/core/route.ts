/** A route, compiled: plain data, and the functions in it. */
import type { Asset, Transfer } from "./assets.ts";
import type { CacheRules } from "./cache.ts";
import type { RouteHooks } from "./hooks.ts";
import type { RateLimit } from "./limit.ts";
import type { Listing } from "./listing.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Decimal } from "./money.ts";
import type { Operation } from "./openapi.ts";
import type { Pricing } from "./pricing.ts";
import type { HeaderChange, Upstream } from "./upstream.ts";
import type { Usage } from "./usage.ts";

/** A way to pay that a route accepts. */
export type Offer = {
  /** `exact`: the price. `upto`: as much of the price as was used. */
  scheme: "exact" | "upto";
  /** CAIP-2, `eip155:8453`. */
  network: string;
  /** As configured: `USDC`. */
  symbol: string;
  asset: Asset;
  transfer: Transfer;
  /** Address that receives the payment. */
  payTo: string;
};

/** When the money moves: before the upstream is asked, or once it has answered. */
export type SettlementTiming = "before-response" | "after-response";

/** One sold (or free) kind of call. */
export type Route = {
  /** As configured: `"GET /data/:id"`. */
  key: string;
  /** Upper case, or `*` for any. */
  method: string;
  /** Path pattern: literals, `:param`, and a last `*`. */
  pattern: string;
  upstream: Upstream;
  /** Template of the forwarded path; undefined forwards the path as it came. */
  path: string | undefined;
  /** Changed in requests after everything that the gateway and the upstream set. */
  requestHeaders: HeaderChange;
  /** Changed in the upstream's answers, after what the upstream's own setting changes. */
  responseHeaders: HeaderChange;
  /** Nothing is sold for now: what every call is told. */
  maintenance: Maintenance | undefined;
  /** The dearest call of this route, US dollars; undefined is free. What a function says counts as dearer than any. */
  price: Decimal | undefined;
  pricing: Pricing;
  /** What is charged is what a call uses; `price` is the most of it. */
  usage: Usage | undefined;
  /** Longest body that is read here, bytes. */
  maxBodyBytes: number;
  /** Longest body, also of one that goes through unread, bytes; infinite where any is taken. */
  maxRequestBytes: number;
  /** Longest silence of a client in the middle of its body, ms. */
  silenceMs: number;
  offers: Offer[];
  settlement: SettlementTiming;
  /** Answers with this status or a higher one are not what was paid for. */
  settleBelow: number;
  /** How long a signed payment may stay valid, seconds (`maxTimeoutSeconds`). */
  timeoutSeconds: number;
  /** How long a payment must still be valid when it is presented: long enough to be settled at its time, seconds. */
  settleMarginSeconds: number;
  /** How long the facilitator's word that a payment is valid counts when the payment is presented again, ms; 0 not at all. */
  goodMs: number;
  /** How long a delivered answer is kept, to be handed out again to the payment that bought it, ms; 0 not at all. */
  keepAnswerMs: number;
  /** Longest body that is kept, bytes. */
  keepAnswerBytes: number;
  /** Whether clients may or must name their payments (`payment-identifier`). */
  paymentIdentifier: "off" | "optional" | "required";
  /** What is sold is time: a payment opens every route of the group for so long. `cookie` tells its cookie from others. */
  session: { group: string; cookie: string; durationMs: number } | undefined;
  /** What is sold are calls: a payment buys so many of any route of the group, to be made within that time. */
  credits: { group: string; cookie: string; calls: number; ttlMs: number } | undefined;
  /** The operator's own code, where there is any. */
  hooks: RouteHooks | undefined;
  /** Answers are kept for everybody who asks the same. */
  cache: CacheRules | undefined;
  /** All of them hold. */
  limits: RateLimit[];
  /** What becomes of calls while the store of the rate limits does not answer; payments are refused in any case. */
  onStoreError: "deny" | "allow";
  /** What the configuration tells of it. */
  metadata: Listing | undefined;
  /** The operation of the upstream's own description that it sells. */
  operation: Operation | undefined;
  /** Sold, and not shown to anybody who looks around. */
  hidden: boolean;
};
