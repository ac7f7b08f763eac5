/** Rate limits of the configuration: durations read, names given, contradictions found. */

import { type Compiled, placeOf } from "../core/compiled.ts";
import { parseDuration } from "../core/duration.ts";
import type { LimitKey, RateLimit } from "../core/limit.ts";
import type { Route } from "../core/route.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawLimit } from "./limit-schema.ts";
import type { RawConfig } from "./schema.ts";
import { hasStore } from "./stores.ts";

/** Longest window and ban, ms. */
const LONGEST_MS = 31 * 86_400_000;
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]{1,128}$/;

/** The limits of a route: its own, or those of `defaults`. */
export function checkRateLimits(
  { rateLimit: own, onStoreError }: RawConfig["routes"][string],
  routePath: string,
  isFree: boolean,
  raw: RawConfig,
  faults: Fault[],
): RateLimit[] {
  const [given, path] =
    own === undefined ? [raw.defaults?.rateLimit, "defaults.rateLimit"] : [own, `${routePath}.rateLimit`];
  if (!given && onStoreError !== undefined) {
    const message = "is about rate limits, and the route has none";
    add(faults, { path: `${routePath}.onStoreError`, message, fix: "add a rateLimit, or leave it out" });
  }
  for (const { key } of given && own !== undefined ? [given].flat() : []) {
    if (key === "payer" && isFree) {
      add(faults, { path, message: "counts payers, and the route is free", fix: 'leave out key: "payer"' });
    }
  }
  if (given === undefined || given === false) return [];
  const list = Array.isArray(given) ? given : [given];
  const window = (raw.stores?.rateLimit ?? raw.stores?.rateLimits)?.ttlSeconds;
  const limits = list.map((limit, i) =>
    checkLimit({ window, ...limit }, i, Array.isArray(given) ? `${path}[${i}]` : path, faults),
  );
  const names = limits.map(({ name }) => name);
  const twin = names.find((name, i) => names.indexOf(name) !== i);
  if (twin !== undefined) {
    add(faults, { path, message: `two limits are called "${twin}"`, fix: "give each its own name" });
  }
  if (list.length > 0 && !hasStore(raw, "rateLimit")) {
    const fix =
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    add(faults, { path, message: "rate limits need a store, and there is none", fix });
  }
  return limits;
}

/** Whether a payment is new is asked in the same step as the count, of the same store. */
export function checkPayersCounted(routes: Route[], stores: Compiled["stores"], faults: Fault[]): void {
  const [counts, payments] = [stores.rateLimit, stores.verificationCache].map((at) => at && placeOf(at));
  if (counts === payments) return;
  for (const { key, limits } of routes) {
    if (!limits.some((limit) => limit.key === "payer")) continue;
    const message = "counts payers, and that takes one store for rate limits and payments";
    const fix = "leave out the address of stores.rateLimit, or count by something else";
    add(faults, { path: `routes.${key}.rateLimit`, message, fix });
  }
}

function checkLimit(limit: RawLimit, index: number, path: string, faults: Fault[]): RateLimit {
  const { requests, algorithm = "sliding-window", burst, key = "address", ban } = limit;
  const window = { written: limit.window, fix: 'write window: "1m", or give stores.rateLimit a ttlSeconds' };
  const name = limit.name ?? (index === 0 ? "default" : `default-${index + 1}`);
  if (!isUnset(name) && !/^[A-Za-z0-9_.-]{1,64}$/.test(name)) {
    add(faults, {
      path: `${path}.name`,
      message: `"${name}" is not a name`,
      fix: "use letters, digits and . _ -",
    });
  }
  if (burst !== undefined && algorithm !== "token-bucket") {
    const fix = 'add algorithm: "token-bucket", or leave burst out';
    add(faults, { path: `${path}.burst`, message: `means nothing to a ${algorithm}`, fix });
  }
  return {
    name,
    algorithm,
    requests,
    windowMs: checkRequired(window, `${path}.window`, LONGEST_MS, faults),
    burst: burst ?? requests,
    key: checkKey(key, `${path}.key`, faults),
    ban: ban && {
      after: ban.after,
      forMs: checkDuration(ban.for, `${path}.ban.for`, LONGEST_MS, faults),
      withinMs: checkDuration(ban.within ?? ban.for, `${path}.ban.within`, LONGEST_MS, faults),
    },
  };
}

function checkKey(key: NonNullable<RawLimit["key"]>, path: string, faults: Fault[]): LimitKey {
  if (typeof key !== "object") return key;
  const { header, cookie } = key;
  const name = header ?? cookie ?? "";
  if ((header === undefined) === (cookie === undefined)) {
    add(faults, { path, message: "names a header or a cookie", fix: 'write { header: "x-client-id" }' });
  } else if (!isUnset(name) && !TOKEN.test(name)) {
    add(faults, {
      path,
      message: `"${name}" cannot be the name of a ${header === undefined ? "cookie" : "header"}`,
    });
  }
  return header === undefined ? { cookie: name } : { header: name };
}

/** A duration that must be there, in ms; 1 with a fault, whose fix says how to write it. */
export function checkRequired(
  { written, fix }: { written: string | number | undefined; fix: string },
  path: string,
  longestMs: number,
  faults: Fault[],
): number {
  if (written !== undefined) return checkDuration(written, path, longestMs, faults);
  add(faults, { path, message: "is required", fix });
  return 1;
}

/** A duration in ms; 1 with a fault. */
export function checkDuration(
  text: string | number,
  path: string,
  longestMs: number,
  faults: Fault[],
): number {
  if (typeof text === "string" && isUnset(text)) return 1;
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= longestMs) return ms;
  const message = ms === undefined ? `"${text}" is not a duration` : `"${text}" is too long`;
  const fix =
    ms === undefined
      ? 'write it like "90s", "15m", "1h" or "7d"'
      : `write at most "${longestMs < 86_400_000 ? `${longestMs / 60_000}m` : `${longestMs / 86_400_000}d`}"`;
  add(faults, { path, message, fix });
  return 1;
}

/** Faults of `defaults` are found again for every route. */
function add(faults: Fault[], fault: Fault): void {
  const known = faults.some(({ path, message }) => path === fault.path && message === fault.message);
  if (!known) faults.push(fault);
}
