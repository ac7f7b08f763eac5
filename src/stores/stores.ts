/** The stores of a configuration: those with one connection share it, and what they are asked together is one request. */

import { type Compiled, placeOf, type RedisConnection } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import type { HookStore } from "../core/hooks.ts";
import type { CacheStore } from "../core/kept.ts";
import type { Ledger } from "../core/ledger.ts";
import type { PaymentStore, PendingStore } from "../core/ports.ts";
import type { RefundLedger } from "../core/refund.ts";
import type { SpecStore } from "../core/specs.ts";
import type { CreditStore, Limiter, RunScripts, SessionStore, TargetHealth } from "../core/stores.ts";
import { cacheStore } from "./cache.ts";
import { creditStore } from "./credits.ts";
import { hookStore } from "./hook-store.ts";
import { openLedger } from "./ledger.ts";
import { openBook } from "./ledger-keys.ts";
import { limiter } from "./limiter.ts";
import { type Look, makeLook } from "./look.ts";
import { paymentStore, recordKey } from "./payments.ts";
import { connect, type Note } from "./redis.ts";
import { refundLedger } from "./refunds.ts";
import { type SessionOptions, sessionStore } from "./sessions.ts";
import { specStore } from "./specs.ts";
import { type Stats, statsStore } from "./stats.ts";
import { makeTally } from "./tally.ts";
import { targetHealth } from "./target-health.ts";

/** A payment that has added its time or credits is known longer than any payment can be presented again, ms. */
const SPENDS_KNOWN_MS = 26 * 3600_000;

/** A store that the configuration does not name is asked by no route; if one did, it would be refused. */
const NOWHERE: RedisConnection = { url: "", token: "", prefix: "", timeoutMs: 1 };
const nobody: RunScripts = () =>
  Promise.reject(new GatewayError("store_unavailable", { cause: "no such store is configured" }));

/** What is remembered, and where. */
export type Stores = {
  payments: PaymentStore & PendingStore;
  limiter: Limiter;
  /** Beside the rate limits: it is lost as lightly. */
  targets: TargetHealth;
  sessions: SessionStore;
  credits: CreditStore;
  /** What hooks remember, and the refunds that are owed: beside the payment records. */
  hooks: HookStore;
  refunds: RefundLedger;
  /** Receipts, as they are read. */
  ledger: Ledger;
  /** Receipts and counts, for one look at them. */
  look: () => Look;
  /** Answers that are kept for everybody. */
  cache: CacheStore;
  /** Beside the payment records, so that it can go along with them; without those, in any other store. */
  stats: Stats;
  /** Upstreams' descriptions of themselves: beside those answers, and fetched again as lightly. */
  specs: SpecStore;
  /** True when a claim can look by itself whether the payer's session runs. */
  sessionsBesidePayments: boolean;
  /** True when a count can look by itself whether a payment is new; else nobody is counted as a payer. */
  limitsBesidePayments: boolean;
};

/** Opens the stores; makes no request. */
export function openStores(connections: Compiled["stores"]): Stores {
  const { verificationCache = NOWHERE, rateLimit = NOWHERE } = connections;
  const { timeSession = NOWHERE, responseCache = NOWHERE } = connections;
  const beside =
    connections.verificationCache ??
    connections.rateLimit ??
    connections.timeSession ??
    connections.responseCache;
  const { prefix: statsPrefix } = beside ?? NOWHERE;
  const tally = makeTally(statsPrefix, () => Date.now());
  const note: Note = (ms, outcome) => {
    tally.count("redis_requests_total", { outcome });
    tally.time("redis_request_duration_seconds", {}, ms);
  };
  const shared = new Map<string, RunScripts>();
  const open = (connection: RedisConnection | undefined): RunScripts => {
    if (!connection) return nobody;
    const place = placeOf(connection);
    const run = shared.get(place) ?? connect(connection, note);
    shared.set(place, run);
    return run;
  };
  const payments = open(connections.verificationCache);
  const sessions = open(connections.timeSession);
  const limits = open(connections.rateLimit);
  const kept = open(connections.responseCache);
  const sessionsBesidePayments = payments === sessions;
  const { ledgerMs } = verificationCache;
  const floorMs = (verificationCache.ttlSeconds ?? 0) * 1000;
  const bought: SessionOptions = {
    prefix: timeSession.prefix,
    secret: timeSession.token,
    keptMs: Math.max(SPENDS_KNOWN_MS, floorMs + 3600_000),
  };
  return {
    payments: keptFor(
      floorMs,
      paymentStore(payments, {
        prefix: verificationCache.prefix,
        tally,
        book: ledgerMs ? openBook(verificationCache.prefix, verificationCache.token, ledgerMs) : undefined,
        besidePrefix: sessionsBesidePayments ? timeSession.prefix : undefined,
      }),
    ),
    limiter: limiter(limits, {
      prefix: rateLimit.prefix,
      secret: rateLimit.token,
      recordKey: limits === payments ? (spend) => recordKey(verificationCache.prefix, spend) : undefined,
    }),
    targets: targetHealth(limits, rateLimit.prefix),
    sessions: sessionStore(sessions, bought),
    credits: creditStore(sessions, bought),
    hooks: hookStore(payments, verificationCache.prefix),
    refunds: refundLedger(payments, verificationCache.prefix),
    ledger: openLedger(payments, verificationCache.prefix),
    cache: cacheStore(kept, { prefix: responseCache.prefix, secret: responseCache.token }),
    specs: specStore(kept, responseCache.prefix),
    stats: statsStore(open(beside), tally, statsPrefix),
    look: makeLook({ books: connections.verificationCache, counts: beside }, nobody, tally),
    sessionsBesidePayments,
    limitsBesidePayments: limits === payments,
  };
}

/** What the operator asks for can only lengthen how long the payment records are kept. */
function keptFor<Store extends PaymentStore>(floorMs: number, store: Store): Store {
  return { ...store, claim: (claim) => store.claim({ ...claim, ttlMs: Math.max(claim.ttlMs, floorMs) }) };
}
