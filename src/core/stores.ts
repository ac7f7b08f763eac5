/** How stores are asked, and what of them is not about payments; `stores/` implements it. */
import type { RateLimit } from "./limit.ts";
import type { CounterName, HistogramName } from "./metrics.ts";
import type { Counts } from "./series.ts";
import type { Target, Upstream } from "./upstream.ts";

/** A script to run on its keys; `args` are strings so that nothing is rounded on the way. */
export type ScriptCall = {
  script: string;
  keys: string[];
  args: string[];
  /** Its failure is nobody's: the others in the request count all the same. */
  optional?: boolean;
};

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

/** A session: its id, a hash over group and payer, and the group of routes it opens. */
export type SessionName = { id: string; group: string };

/** Paid time, one record for each payer and group. All times are ms since 1970. */
export type SessionStore = {
  /** The id of a payer's session. */
  idOf: (group: string, network: string, payer: string) => Promise<string>;
  /** When the session ends; undefined when it does not run or the secret is not one of its own. */
  endOf: (session: SessionName & { secret?: string }) => Promise<Question<number | undefined>>;
  /**
   * Adds time for a payment, once however often it is asked, and takes a further secret, if one is given. Gives the end.
   * @throws GatewayError `store_unavailable`
   */
  grant: (grant: SessionName & { spend: string; secret?: string; durationMs: number }) => Promise<number>;
  /**
   * Ends a session and forgets its secrets; false when none runs. What was paid for it does not open it again.
   * @throws GatewayError `store_unavailable`
   */
  revoke: (id: string) => Promise<boolean>;
};

/** What is left of an account: credits, and when they end, ms since 1970. */
export type Balance = { left: number; endsAt: number };

/** One credit to be drawn. Its id makes that happen once, and giving it back too; `knownMs` is how long it is known. */
export type CreditDraw = SessionName & { draw: string; knownMs: number };

/** Prepaid credits, one account for each payer and group, named like a session. */
export type CreditStore = Pick<SessionStore, "idOf" | "revoke"> & {
  /** Takes one credit; undefined when none is left, or the secret is not one of the account's. */
  draw: (draw: CreditDraw & { secret: string }) => Promise<Question<Balance | undefined>>;
  /**
   * Gives a drawn credit back to whichever of the accounts it is of; one that has not been drawn cannot be any more.
   * Undefined when there was nothing to give back.
   * @throws GatewayError `store_unavailable`
   */
  giveBack: (draw: Pick<CreditDraw, "draw" | "knownMs"> & { ids: string[] }) => Promise<Balance | undefined>;
  /**
   * Adds credits for a payment, once however often it is asked, and takes a further secret, if one is given.
   * @throws GatewayError `store_unavailable`
   */
  grant: (
    grant: SessionName & { spend: string; secret?: string; credits: number; ttlMs: number },
  ) => Promise<Balance>;
};

/** What lets a proven payer through in place of a claim: paid time that runs, or a credit. */
export type Instead = { session?: SessionName | undefined; credit?: CreditDraw | undefined };

/** What a rate limit says of one more call. */
export type Allowance = {
  allowed: boolean;
  /** Calls that are left. */
  remaining: number;
  /** Until there are more, or until the ban ends, ms. */
  resetMs: number;
  banned: boolean;
  /** Who was counted. */
  client: string;
};

/** The counters of rate limits. `scope` is what a limit counts apart, `client` who is counted, in the clear. */
export type Limiter = {
  /**
   * Counts one call. `otherwise` is who is counted instead when the payment has a record already: what was presented
   * before may have been read on the chain, and its payer must not pay for that with a count.
   */
  count: (
    limit: RateLimit,
    scope: string,
    client: string,
    otherwise?: { spend: string; client: string },
  ) => Promise<Question<Allowance>>;
  /**
   * Notes that a call was refused: enough of these are a ban.
   * @throws GatewayError `store_unavailable`
   */
  strike: (limit: RateLimit, scope: string, client: string) => Promise<void>;
};

/** What all instances know of an upstream's targets. */
export type TargetHealth = {
  /** The ids of those that are out. Where it is not known, none is. */
  out: (upstream: string) => Question<ReadonlySet<string>>;
  /**
   * Counts a failure, by the store's clock; true when it is the one that puts the target out.
   * @throws GatewayError `store_unavailable`
   */
  failed: (upstream: Upstream, target: Target) => Promise<boolean>;
};

/** What all instances have counted. All throw GatewayError `store_unavailable`. */
export type StatsStore = {
  /** All that was ever counted. */
  total: () => Promise<Counts>;
  /**
   * The sums of some metrics over UTC days, `2026-11-21`, from the first to the last of these, at most 400, added up at the
   * store: a day of many routes is long. Of `daily` they are told day by day.
   */
  over: (from: string, to: string, daily: CounterName, whole: readonly MetricName[]) => Promise<Sums>;
};

type MetricName = CounterName | HistogramName;

/** Sums over days: by series; and of the one metric by day and by the value of its last label. */
export type Sums = { daily: Map<string, Map<string, number>>; whole: Counts };
