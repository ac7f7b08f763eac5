/** The compiled configuration: what `config` makes once per isolate and every room reads. Plain data, and the functions in it. */
import type { Cors, ProxyTrust, RequestLimits } from "./inspection.ts";
import type { Discovery } from "./listing.ts";
import type { Observing } from "./observation.ts";
import type { Paywall } from "./paywall.ts";
import type { Route } from "./route.ts";

/** What is remembered, each in a store of its own if need be. */
export type StoreName = "rateLimit" | "verificationCache" | "timeSession" | "responseCache";

/** Where a store is. */
export type RedisConnection = {
  /** Upstash REST URL. */
  url: string;
  token: string;
  /** First part of every key, without the colon. */
  prefix: string;
  /** Longest wait for one request, ms. */
  timeoutMs: number;
  /** How long this store's records are kept, if it was said; for payments a floor. */
  ttlSeconds?: number;
  /** How long receipts are kept beside the payment records, ms; without it no ledger is kept. */
  ledgerMs?: number;
};

/** Stores with the same place share one connection, and what they are asked together is one request. */
export function placeOf({ url, token, timeoutMs }: RedisConnection): string {
  return JSON.stringify([url, token, timeoutMs]);
}

/** Which facilitator checks and settles payments. */
export type FacilitatorMap = {
  default: string;
  /** CAIP-2 network → base URL. */
  chains: Record<string, string>;
  /** Longest wait for one request, ms. */
  timeoutMs: number;
};

/** The whole compiled configuration. */
export type Compiled = {
  routes: Route[];
  /** The connection of each store; without any, every route is free. `verificationCache` holds the payment records. */
  stores: Record<StoreName, RedisConnection | undefined>;
  facilitator: FacilitatorMap;
  /** What operators prove themselves with; undefined: the gateway takes no orders. */
  adminToken: string | undefined;
  /** Whether `/health` and `/ready` are the gateway's own. */
  health: boolean;
  /** Undefined believes nobody but the platform. */
  proxies: ProxyTrust | undefined;
  /** CAIP-2 network → URL of a node that can be asked what became of a payment. */
  rpc: Record<string, string>;
  /** Undefined: pages of other origins are nobody's concern here. */
  cors: Cors | undefined;
  limits: RequestLimits;
  observing: Observing;
  /** How the gateway shows what it sells; undefined: not at all. */
  discovery: Discovery | undefined;
  /** Where descriptions of upstreams are fetched from; their operations are routes once that was done. */
  specUrls: string[];
  /** All of those have been seen. */
  isComplete: boolean;
  /** Operations that cannot be sold, and why. */
  leftOut: { operation: string; reason: string }[];
  /** Undefined: people get what programs get. */
  paywall: Paywall | undefined;
};
