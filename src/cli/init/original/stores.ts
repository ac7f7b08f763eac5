/** Where the original kept its counters: in memory, or in Redis over TCP. Here it is Redis over HTTP. */
import { type Fields, fieldsOf, isReference, textOf, variableName } from "./fields.ts";
import type { Ledger } from "./ledger.ts";

const STORES = ["rateLimit", "verificationCache", "timeSession"] as const;
const BRIDGE = "run tollbooth redis-bridge in front of it, or take an Upstash database";
const SHARED = { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" };

/** `stores`, with variables in the place of addresses that cannot be spoken to over HTTP. */
export function carryStores(file: Fields, ledger: Ledger): Fields {
  const stores = fieldsOf(file.stores);
  const redis = carryRedis(stores.redis, "stores.redis", "UPSTASH_REDIS_REST", ledger);
  if (stores.redis === undefined) {
    const what = "payments need a store here, because instances have no memory of their own";
    ledger.note("", "changed", what, "set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
  }
  if (Object.values(fieldsOf(file.routes)).some(sellsTime)) {
    const what = "what the old store holds is not read: paid time that is running ends with the original";
    ledger.note("", "money", what, "change over when no session runs");
  }
  const others = STORES.flatMap((name) => {
    const { backend, redis: own } = fieldsOf(stores[name]);
    const path = `stores.${name}`;
    if (backend === "memory") {
      const gone = "nothing is kept in memory here: each instance would have its own";
      ledger.note(`${path}.backend`, "changed", gone, "the shared store is used");
    } else if (backend !== undefined) ledger.carried(`${path}.backend`);
    const redis =
      backend === "memory" && own !== undefined
        ? undefined
        : carryRedis(own, `${path}.redis`, `${variableName(name)}_REST`, ledger);
    if (backend === "memory" && own !== undefined)
      ledger.note(`${path}.redis`, "lost", "was not used beside memory");
    return redis && Object.keys(redis).length > 0 ? [[name, { backend: "redis", redis }] as const] : [];
  });
  return { redis: redis?.url === undefined ? { ...SHARED, ...redis } : redis, ...Object.fromEntries(others) };
}

function sellsTime(route: unknown): boolean {
  return fieldsOf(fieldsOf(route).pricing).model === "time";
}

function carryRedis(written: unknown, path: string, variable: string, ledger: Ledger): Fields | undefined {
  if (written === undefined) return undefined;
  const { url, prefix, options } = fieldsOf(written);
  for (const name of Object.keys(fieldsOf(options))) {
    const what = "there is no connection to be set: each request is one of its own, over HTTP";
    const todo = name === "connectionTimeout" ? "gateway.timeouts.redis is the longest wait" : "leave it out";
    ledger.note(`${path}.options.${name}`, "lost", what, todo);
  }
  if (prefix !== undefined) ledger.carried(`${path}.prefix`);
  const kept = prefix === undefined ? {} : { prefix };
  const address = textOf(url);
  if (address === undefined) return kept;
  if (isUpstash(address)) {
    ledger.carried(`${path}.url`);
    if (address.includes("@")) ledger.inTheClear(`${path}.url`);
    return { url: address, ...kept };
  }
  const where = isReference(address) ? "the address in the variable" : "the address";
  const what = `${where} is Redis over TCP, and the gateway speaks HTTP; ${variable}_URL and ${variable}_TOKEN take its place`;
  ledger.note(`${path}.url`, "changed", what, BRIDGE);
  return { url: `\${${variable}_URL}`, token: `\${${variable}_TOKEN}`, ...kept };
}

/** An Upstash database has its REST API at the same host, and the gateway finds it. */
function isUpstash(address: string): boolean {
  return /^rediss:\/\/[^/]*\.upstash\.io(?::\d+)?(?:\/0?)?$/.test(address);
}
