/**
 * The stores: one connection for each, by default the shared one. What an override says wins, part by part; a token goes
 * only to the address it was written beside. Two names for one thing are a fault, whatever their values: nobody should
 * have to know which of them counts.
 */
import type { Compiled, RedisConnection, StoreName } from "../core/compiled.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";
import { type Address, checkAddress, checkDatabase, isAddress } from "./store-address.ts";
import type { RawStore } from "./store-schema.ts";

type RawStores = NonNullable<RawConfig["stores"]>;
type Shared = { address: Address | undefined; given: boolean; prefix: string | undefined };

/** Each store's other name, and the part of its keys that follows the prefix. */
const STORES: Record<StoreName, { alias: "rateLimits" | "sessions" | undefined; part: string }> = {
  rateLimit: { alias: "rateLimits", part: "rl" },
  verificationCache: { alias: undefined, part: "verify" },
  timeSession: { alias: "sessions", part: "sess" },
  responseCache: { alias: undefined, part: "cache" },
};

/** True when it was said where a store is, rightly or not. */
export function hasStore({ stores, gateway }: RawConfig, name: StoreName): boolean {
  const { alias } = STORES[name];
  const own = [stores?.[name], alias && stores?.[alias]];
  return [stores?.redis, gateway?.redis, ...own].some((given) => given !== undefined);
}

/** The connection of each store. */
export function checkStores(raw: RawConfig, timeoutMs: number, faults: Fault[]): Compiled["stores"] {
  const { stores = {} } = raw;
  const shared = checkShared(raw, faults);
  const connect = (name: StoreName) => checkStore(name, stores, shared, timeoutMs, faults);
  const names = Object.keys(STORES) as StoreName[];
  return Object.fromEntries(names.map((name) => [name, connect(name)])) as Compiled["stores"];
}

function checkShared({ stores = {}, gateway }: RawConfig, faults: Fault[]): Shared {
  const { redis } = stores;
  checkBackend(stores.provider, "stores.provider", faults);
  const prefix = checkPrefix(
    {
      "stores.redis.prefix": redis?.prefix,
      "stores.redis.keyPrefix": redis?.keyPrefix,
      "stores.keyPrefix": stores.keyPrefix,
    },
    faults,
  );
  if (gateway?.redis?.flushOnStartup) {
    const fix = 'leave it out; "tollbooth flush" deletes the gateway\'s own keys, once and when you say so';
    const message = "is true, but every isolate that starts would forget which payments were used";
    faults.push({ path: "gateway.redis.flushOnStartup", message, fix });
  }
  if (redis && gateway?.redis) {
    faults.push({ path: "gateway.redis", message: "is given beside stores.redis", fix: "keep one of them" });
  }
  const address = redis
    ? checkAddress(redis, "stores.redis", faults)
    : gateway?.redis && checkAddress(gateway.redis, "gateway.redis", faults);
  return { address, given: (redis ?? gateway?.redis) !== undefined, prefix };
}

function checkStore(
  name: StoreName,
  stores: RawStores,
  shared: Shared,
  timeoutMs: number,
  faults: Fault[],
): RedisConnection | undefined {
  const { alias, part } = STORES[name];
  const other = alias && stores[alias];
  if (stores[name] && other) {
    const message = `is the other name of ${name}, and both are given`;
    faults.push({ path: `stores.${alias}`, message, fix: "keep one of them" });
  }
  const path = `stores.${stores[name] === undefined && other ? alias : name}`;
  const store = stores[name] ?? other;
  const address = store ? checkOwn(store, path, shared, faults) : shared.address;
  const prefix = store && checkOwnPrefix(store, path, part, faults);
  if (!address) return undefined;
  const ttl = store?.ttlSeconds === undefined ? {} : { ttlSeconds: store.ttlSeconds };
  return { ...address, prefix: prefix ?? shared.prefix ?? "tollbooth", timeoutMs, ...ttl };
}

function checkOwn(store: RawStore, path: string, shared: Shared, faults: Fault[]): Address | undefined {
  const { backend, provider, redis = {}, url, token } = store;
  checkBackend(backend, `${path}.backend`, faults);
  checkBackend(provider, `${path}.provider`, faults);
  checkOnce({ [`${path}.backend`]: backend, [`${path}.provider`]: provider }, faults);
  checkOnce({ [`${path}.redis.url`]: redis.url, [`${path}.url`]: url }, faults);
  checkOnce({ [`${path}.redis.token`]: redis.token, [`${path}.token`]: token }, faults);
  const own = { ...redis, url: redis.url ?? url, token: redis.token ?? token };
  if (isAddress(own)) return checkAddress(own, url === undefined ? `${path}.redis` : path, faults);
  checkDatabase(redis.db ?? 0, `${path}.redis.db`, faults);
  if (!shared.given) {
    const fix =
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    faults.push({ path, message: "has no address, and there is no stores.redis", fix });
  }
  return shared.address;
}

function checkOwnPrefix(store: RawStore, path: string, part: string, faults: Fault[]): string | undefined {
  const { redis, keyPrefix } = store;
  const prefix = checkPrefix(
    {
      [`${path}.redis.prefix`]: redis?.prefix,
      [`${path}.redis.keyPrefix`]: redis?.keyPrefix,
      [`${path}.keyPrefix`]: keyPrefix,
    },
    faults,
  );
  // "tollbooth:verify" names the keys as they are in the end, and the store adds its part itself.
  return prefix?.endsWith(`:${part}`) ? prefix.slice(0, -part.length - 1) : prefix;
}

function checkBackend(backend: string | undefined, path: string, faults: Fault[]): void {
  if (backend !== "memory") return;
  const message = "memory is not shared: each isolate would have its own, and forget it when it goes";
  faults.push({ path, message, fix: 'write "redis"' });
}

/** The one that is given; a second is a fault. */
function checkOnce(named: Record<string, string | undefined>, faults: Fault[]): [string, string] | undefined {
  const given = Object.entries(named).flatMap(([path, value]): [string, string][] =>
    value === undefined ? [] : [[path, value]],
  );
  for (const [path] of given.slice(1)) {
    faults.push({ path, message: `is the same as ${given[0]?.[0]}`, fix: "keep one of them" });
  }
  return given[0];
}

function checkPrefix(named: Record<string, string | undefined>, faults: Fault[]): string | undefined {
  const [path = "", prefix] = checkOnce(named, faults) ?? [];
  if (prefix === undefined || isUnset(prefix)) return undefined;
  if (isPrefix(prefix)) return prefix.replace(/:+$/, "");
  faults.push({ path, message: `"${prefix}" is not a key prefix`, fix: "use letters, digits and . : _ -" });
  return undefined;
}

/** True for what may be the first part of every key: nothing that a pattern of keys would read as a wildcard. */
export function isPrefix(text: string): boolean {
  return /^[\w.:-]{1,64}$/.test(text) && /[^:]/.test(text);
}
