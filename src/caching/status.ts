/** What the cache did, for whoever reads the answer: `Cache-Status` (RFC 9211), and in one word `X-Cache-Status`. */

/** How an answer came about. */
export type Told = {
  /** `HIT` and `STALE` came out of the store; all others from the upstream. */
  word: "HIT" | "STALE" | "MISS" | "REVALIDATED" | "BYPASS";
  /** Why the upstream was asked (RFC 9211, 2.2). */
  fwd?: "uri-miss" | "vary-miss" | "stale" | "request" | "method" | "bypass" | "miss" | undefined;
  /** What it answered. */
  fwdStatus?: number | undefined;
  /** Seconds that it is fresh yet. */
  ttl?: number | undefined;
  stored?: boolean | undefined;
  /** Another call had asked for it. */
  collapsed?: boolean | undefined;
  detail?: string | undefined;
};

/** Adds the two fields. */
export function tell(headers: Headers, { word, fwd, fwdStatus, ttl, stored, collapsed, detail }: Told): void {
  const hit = word === "HIT" || word === "STALE";
  const parts = [
    "Tollbooth",
    hit && !collapsed && "hit",
    fwd && `fwd=${fwd}`,
    fwdStatus !== undefined && `fwd-status=${fwdStatus}`,
    ttl !== undefined && `ttl=${ttl}`,
    stored && "stored",
    collapsed && "collapsed",
    detail && `detail=${detail}`,
  ];
  headers.append("cache-status", parts.filter((part) => part).join("; "));
  headers.set("x-cache-status", word);
}
