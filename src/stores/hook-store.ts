/**
 * What hooks remember (`docs/storage.md`): `{prefix}:hook:{key}`, strings, each with an end. The keyspace is theirs, and
 * they reach no other.
 */
import { GatewayError } from "../core/errors.ts";
import type { HookStore } from "../core/hooks.ts";
import type { RunScripts } from "../core/stores.ts";

const MAX_BYTES = 65_536;
const MAX_SECONDS = 400 * 86_400;

const GET = `#!lua flags=allow-key-locking
return redis.call('GET', KEYS[1])`;

/** ARGV: value, lifetime in seconds. */
const SET = `#!lua flags=allow-key-locking
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return '1'`;

/** ARGV: how much, lifetime in seconds. The sum as text: a number of Lua's would round it. */
const INCREMENT = `#!lua flags=allow-key-locking
redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])`;

const DELETE = `#!lua flags=allow-key-locking
return tostring(redis.call('DEL', KEYS[1]))`;

/** The store behind a connection. Keys and values that cannot be kept reject with a `TypeError`. */
export function hookStore(run: RunScripts, prefix: string): HookStore {
  async function ask(script: string, key: string, ...args: string[]): Promise<unknown> {
    if (!/^[\w.:@/+=-]{1,200}$/.test(key)) {
      throw new TypeError("a key is 1 to 200 letters, digits and . : @ / + = - _");
    }
    const [reply] = await run([{ script, keys: [`${prefix}:hook:${key}`], args }]);
    return reply;
  }
  return Object.freeze({
    async get(key) {
      const value = await ask(GET, key);
      return typeof value === "string" ? value : undefined;
    },
    async set(key, value, options) {
      if (typeof value !== "string" || new TextEncoder().encode(value).byteLength > MAX_BYTES) {
        throw new TypeError(`a value is a string of at most ${MAX_BYTES} bytes`);
      }
      await ask(SET, key, value, toSeconds(options));
    },
    async increment(key, by, options) {
      if (!Number.isSafeInteger(by)) throw new TypeError("what is added is a whole number");
      const sum = Number(await ask(INCREMENT, key, String(by), toSeconds(options)));
      if (!Number.isSafeInteger(sum))
        throw new GatewayError("store_unavailable", { cause: "unexpected sum" });
      return sum;
    },
    async delete(key) {
      return Number(await ask(DELETE, key)) === 1;
    },
  } satisfies HookStore);
}

/** Nothing is kept for ever. */
function toSeconds(options: { ttlSeconds: number } | undefined): string {
  const seconds = options?.ttlSeconds ?? 0;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return String(seconds);
  throw new TypeError(`ttlSeconds is a whole number from 1 to ${MAX_SECONDS}`);
}
