/**
 * RFC 9111: which answers may be kept, how long they are fresh, and whether one will do for a request. The arithmetic is
 * http-cache-semantics'; it is given fields that it cannot misread (lower case, no lists in quotes, one value each), and an
 * answer's lifetime is worked out once, when it is kept.
 */
import CachePolicy from "http-cache-semantics";
import type { CacheRules } from "../core/cache.ts";
import type { Entry, Kept, Lifetime } from "../core/kept.ts";
import { parseDate } from "./dates.ts";
import { type Directives, isOn, LONGEST, saidIn, seconds } from "./directives.ts";
import type { Wishes } from "./wishes.ts";

/** Statuses that the route's own `ttl` is for, unless it names others: what an API gives when all is well. */
const GOOD = new Set([200, 203, 204, 300, 301, 308]);

/**
 * For how long an answer may be kept, and whether for everybody; undefined when it may not be. `credentials`: the request
 * said who asks.
 */
export function lifetimeOf(
  { status, headers }: Pick<Response, "status" | "headers">,
  { statuses, ttlMs, maxTtlMs, maxStaleMs }: CacheRules,
  credentials: boolean,
): { lifetime: Lifetime; shared: boolean } | undefined {
  const { said, targeted } = saidIn(headers);
  const shared = ["public", "s-maxage", "must-revalidate"].some((name) => isOn(said, name));
  if (status === 206 || (statuses && !statuses.has(status)) || (credentials && !shared)) return undefined;
  // Whoever sets a cookie has somebody in mind.
  if (headers.has("set-cookie") || headers.get("vary")?.includes("*")) return undefined;
  const expires = targeted ? null : headers.get("expires");
  const plain = fieldsFor(headers.get("date"), expires, said);
  const policy = new CachePolicy(
    { method: "GET", headers: {} },
    { status, headers: plain },
    { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
  );
  if (!policy.storable()) return undefined;
  const explicit = isOn(said, "max-age") || isOn(said, "s-maxage") || expires !== null;
  const own = statuses || GOOD.has(status) ? ttlMs / 1000 : 0;
  const pragma = said.size === 0 && /no-cache/i.test(headers.get("pragma") ?? "");
  const noCache = isOn(said, "no-cache") || pragma;
  if (!explicit && !noCache && own === 0 && !hasValidator(headers)) return undefined;
  const strict = noCache || isOn(said, "must-revalidate") || isOn(said, "proxy-revalidate");
  // Without its own word an answer is handed out stale only for an upstream that cannot be asked (RFC 9111, 4.2.4), or
  // where how long it is fresh is the route's word in the first place.
  const most = isOn(said, "s-maxage") ? 0 : maxStaleMs / 1000;
  const stale = (name: string, otherwise: number) => (strict ? 0 : (seconds(said, name) ?? otherwise));
  return {
    shared,
    lifetime: {
      age: ageOf(headers),
      fresh: noCache ? 0 : Math.min(explicit ? policy.maxAge() : own, maxTtlMs / 1000),
      whileRevalidate: stale("stale-while-revalidate", explicit || own === 0 ? 0 : most),
      ifError: stale("stale-if-error", most),
      strict,
    },
  };
}

/** The age is known, and does not grow while it is looked at. */
class Moment extends CachePolicy {
  /** In place of the library's, which its types leave out. */
  now(): number {
    return 0;
  }
}

/** What a kept answer is worth to a request. */
export type Judgement = {
  /** `stale`: it may be handed out, and ought to be asked for anew. */
  kind: "fresh" | "stale" | "expired";
  /** Its age, seconds. */
  age: number;
  /** For how long it is fresh yet, seconds; negative when it is not. */
  ttl: number;
};

/** Judges a kept answer. */
export function judge(
  { entry, ageMs }: Pick<Kept, "entry" | "ageMs">,
  { field }: Pick<Wishes, "field">,
): Judgement {
  const { lifetime } = entry;
  const age = lifetime.age + Math.max(0, ageMs) / 1000;
  const headers: Record<string, string> = {
    "cache-control": `public, max-age=${lifetime.fresh}, stale-while-revalidate=${lifetime.whileRevalidate}`,
    age: String(Math.floor(age)),
  };
  const policy = new Moment({ headers: {} }, { status: 200, headers }, { shared: true });
  const asked = lifetime.strict ? field.replace(/max-stale[^,]*/, "") : field;
  const { response, revalidation } = policy.evaluateRequest({ headers: { "cache-control": asked } });
  const kind = !response ? "expired" : revalidation || policy.stale() ? "stale" : "fresh";
  return { kind, age: Math.floor(age), ttl: Math.floor(lifetime.fresh - age) };
}

/** True while a kept answer may stand in for an upstream that fails. */
export function mayReplaceError({ lifetime }: Entry, { ttl }: Judgement): boolean {
  return lifetime.ifError > 0 && ttl + lifetime.ifError > 0;
}

/** The fields that the library works with. */
function fieldsFor(date: string | null, expires: string | null, said: Directives): Record<string, string> {
  // Who knows what a status means need not heed the no-store for those who do not (RFC 9111, 5.2.2.3).
  const ignored = isOn(said, "must-understand")
    ? /revalidate$|^stale-|^no-cache$|^no-store$/
    : /revalidate$|^stale-|^no-cache$/;
  const known = [...said.keys()].filter((name) => !ignored.test(name));
  const field = known.map((name) => {
    const value = seconds(said, name);
    return value === undefined ? name : `${name}=${value}`;
  });
  const made = parseDate(date ?? "") ?? Date.now();
  // What is no date has passed (RFC 9111, 5.3).
  const end = expires === null ? undefined : (parseDate(expires) ?? 0);
  return {
    "cache-control": field.join(", "),
    date: new Date(made).toUTCString(),
    ...(end === undefined ? {} : { expires: new Date(end).toUTCString() }),
  };
}

/** True for an answer that the upstream can be asked about (RFC 9110, 8.8). */
export function hasValidator(headers: Headers): boolean {
  return headers.has("etag") || headers.has("last-modified");
}

function ageOf(headers: Headers): number {
  const [age = ""] = (headers.get("age") ?? "").split(",");
  return /^\s*\d+\s*$/.test(age) ? Math.min(Number(age), LONGEST) : 0;
}
