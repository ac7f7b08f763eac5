/** The response cache of a route. */
import type { CacheRules } from "../core/cache.ts";
import { isDearer } from "../core/money.ts";
import type { Pricing } from "../core/pricing.ts";
import type { Offer, Route, SettlementTiming } from "../core/route.ts";
import type { RawCache } from "./cache-schema.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import { checkPrice } from "./price.ts";
import type { RawConfig } from "./schema.ts";
import { hasStore } from "./stores.ts";

/** Nothing is kept for longer, ms. */
const LONGEST_MS = 31 * 86_400_000;
const LONGEST_WAIT_MS = 60_000;
const DEFAULT = { maxTtl: "1d", wait: "5s", maxBytes: 1_048_576 } as const;
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]{1,128}$/;

/** What of the route the cache has to fit. */
export type Fitting = {
  key: string;
  pricing?: Pricing;
  /** The dearest call. */
  price?: Route["price"];
  isFree: boolean;
  offers: Offer[];
  settlement: SettlementTiming;
};

/** The rules of a route: its own over those of `defaults`; undefined without a cache. */
export function checkCache(fitting: Fitting, raw: RawConfig, faults: Fault[]): CacheRules | undefined {
  const { key } = fitting;
  const own = raw.routes[key]?.cache;
  const given = own ?? raw.defaults?.cache ?? false;
  if (given === false) return undefined;
  const path = own === undefined ? "defaults.cache" : `routes.${key}.cache`;
  const rules: RawCache = { ...asRules(raw.defaults?.cache), ...asRules(given) };
  const methods = new Set<string>(rules.methods ?? ["GET"]);
  if (methods.has("HEAD")) methods.add("GET");
  const [method = ""] = key.split(" ");
  if (!methods.has(method) && method !== "*") {
    if (own === undefined) return undefined;
    const fix = method === "POST" ? 'add methods: ["POST"], if it changes nothing' : "leave it out";
    add(faults, { path, message: `answers to ${method} are not kept`, fix });
  }
  if (!hasStore(raw, "responseCache")) {
    const fix =
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    add(faults, { path, message: "kept answers need a store, and there is none", fix });
  }
  checkNames(rules, fitting, path, raw, faults);
  const ms = (name: "ttl" | "maxStale", otherwise: number) =>
    rules[name] === undefined ? otherwise : checkDuration(rules[name], `${path}.${name}`, LONGEST_MS, faults);
  const maxTtl = rules.maxTtl ?? raw.stores?.responseCache?.ttlSeconds ?? DEFAULT.maxTtl;
  const wait = rules.wait ?? DEFAULT.wait;
  return {
    ttlMs: ms("ttl", 0),
    maxTtlMs: checkDuration(maxTtl, `${path}.maxTtl`, LONGEST_MS, faults),
    maxStaleMs: ms("maxStale", 0),
    methods,
    statuses: rules.statuses && new Set(rules.statuses),
    vary: (rules.vary ?? []).map((name) => name.toLowerCase()),
    queryKeys: rules.queryKeys,
    maxBytes: rules.maxBytes ?? DEFAULT.maxBytes,
    charge: checkCharge(rules.charge, fitting, path, raw, faults),
    waitMs: wait === false ? 0 : checkDuration(wait, `${path}.wait`, LONGEST_WAIT_MS, faults),
    colo: rules.colo ?? false,
  };
}

function asRules(given: RawCache | boolean | undefined): RawCache {
  return typeof given === "object" ? given : {};
}

function checkCharge(
  charge: string | undefined,
  { key, isFree, offers, price: dearest, settlement }: Fitting,
  path: string,
  raw: RawConfig,
  faults: Fault[],
): CacheRules["charge"] {
  if (charge === undefined || charge === "full" || isUnset(charge)) return "full";
  const at = `${path}.charge`;
  const model = raw.routes[key]?.pricing?.model ?? "request";
  if (isFree) {
    // What `defaults` say is about the routes that have a price.
    if (path === "defaults.cache") return "full";
    add(faults, { path: at, message: "is about payments, and the route is free", fix: "leave it out" });
    return "full";
  }
  if (model !== "request") {
    const message = `is for calls that are paid one by one, and the route sells by "${model}"`;
    add(faults, { path: at, message, fix: 'leave it out, or write charge: "full"' });
    return "full";
  }
  if (settlement === "after-response") {
    const message = "would sell an answer for less that is kept before it is known to be paid";
    add(faults, { path: at, message, fix: 'write settlement: "before-response"' });
  }
  const price = charge === "free" ? undefined : checkPrice(charge, at, offers, faults);
  if (!price || price.amount.digits === 0n) return "free";
  if (dearest && !isDearer(dearest, price.amount)) {
    add(faults, {
      path: at,
      message: "is no less than what a call costs",
      fix: "write less, or leave it out",
    });
  }
  return price;
}

/** What does not tell answers apart does not reach the upstream, so nothing else may depend on it. */
function checkNames(
  { vary = [], queryKeys }: RawCache,
  { key, pricing }: Fitting,
  path: string,
  raw: RawConfig,
  faults: Fault[],
): void {
  for (const name of vary) {
    if (isUnset(name) || TOKEN.test(name)) continue;
    add(faults, {
      path: `${path}.vary`,
      message: `"${name}" is not a header`,
      fix: 'write it like "accept-language"',
    });
  }
  if (!queryKeys) return;
  const template = raw.routes[key]?.path ?? "";
  const used = [...template.matchAll(/\$\{query\.([^}]+)\}/g)].map(([, name = ""]) => name);
  const read =
    pricing?.reads.filter(({ from }) => from === "query").map(({ path: [name = ""] }) => name) ?? [];
  for (const name of new Set([...used, ...read])) {
    if (queryKeys.includes(name)) continue;
    const message = `leaves out "${name}", which the route's path or price depends on`;
    add(faults, { path: `${path}.queryKeys`, message, fix: `add "${name}"` });
  }
}

/** Faults of `defaults` are found again for every route. */
function add(faults: Fault[], fault: Fault): void {
  if (!faults.some(({ path, message }) => path === fault.path && message === fault.message))
    faults.push(fault);
}
