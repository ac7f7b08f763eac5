/** A rate limit, as the configuration is compiled to it. */

/** How calls are counted: `docs/configuration.md` says what each lets through at most. */
export type LimitAlgorithm = "sliding-window" | "fixed-window" | "token-bucket";

/** What a function that names the client gets. */
export type LimitContext = {
  request: Request;
  /** Decoded path parameters. */
  params: Record<string, string>;
  /** The client's address, an IPv6 one as its /64. */
  address: string;
  /** Address of the payer, if the payment's signature proves it. */
  payer: string | undefined;
};

/**
 * Who is counted: the address of the client; the payer, once proven, else the address; a header or a cookie, else the
 * address; or what a function says, and when that is nothing, the address.
 */
export type LimitKey =
  | "address"
  | "payer"
  | { header: string }
  | { cookie: string }
  | ((context: LimitContext) => string | undefined);

/** At most so many calls by one client in a window. */
export type RateLimit = {
  /** In headers and keys; unique on its route. */
  name: string;
  algorithm: LimitAlgorithm;
  requests: number;
  windowMs: number;
  /** `token-bucket`: how many calls can come at once. */
  burst: number;
  key: LimitKey;
  /** So many refused calls within a time shut the client out for another. */
  ban: { after: number; withinMs: number; forMs: number } | undefined;
};
