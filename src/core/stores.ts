/** How stores are asked, and what of them is not about payments; `stores/` implements it. */
import type { RateLimit } from "./limit.ts";

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
