/** Descriptions of upstreams that were fetched (`docs/storage.md`): `{prefix}:spec:{hash of the URL}`. */
import { hash } from "../core/hash.ts";
import type { SpecStore } from "../core/specs.ts";
import type { RunScripts } from "../core/stores.ts";
import { NOW } from "./clock.ts";

/** A copy is fetched anew when it is this old, ms. */
const FRESH_MS = 10 * 60_000;
/** One instance fetches for so long; if nothing has come of it, the next one, ms. */
const LEASE_MS = 30_000;
const KEPT_MS = 30 * 86_400_000;

/** ARGV: the version that is known. Returns {version, text, `1` if the caller is to fetch it}. */
const LOOK = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'v', 'at', 'lease')
local due = not (r[2] and now - r[2] < ${FRESH_MS}) and not (r[3] and tonumber(r[3]) > now)
if due then
  redis.call('HSET', KEYS[1], 'lease', ms(now + ${LEASE_MS}))
  if not r[1] then redis.call('PEXPIRE', KEYS[1], ${LEASE_MS}) end
end
local text = r[1] and r[1] ~= ARGV[1] and redis.call('HGET', KEYS[1], 'text') or ''
return {r[1] or '', text, due and '1' or ''}`;

/** ARGV: version, text. */
const KEEP = `#!lua flags=allow-key-locking
${NOW}
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'text', ARGV[2], 'at', ms(now))
redis.call('HDEL', KEYS[1], 'lease')
redis.call('PEXPIRE', KEYS[1], ${KEPT_MS})
return '1'`;

/** The store behind a connection. */
export function specStore(run: RunScripts, prefix: string): SpecStore {
  const keyOf = async (url: string) => `${prefix}:spec:${await hash(url)}`;
  return {
    async look(wanted) {
      const calls = wanted.map(async ({ url, known }) => ({
        script: LOOK,
        keys: [await keyOf(url)],
        args: [known],
      }));
      const replies = await run(await Promise.all(calls));
      return replies.map((reply) => {
        const [version, text, due] = (Array.isArray(reply) ? reply : []).map(String);
        return { version: version ?? "", text: text || undefined, isDue: due === "1" };
      });
    },
    async keep(url, version, text) {
      await run([{ script: KEEP, keys: [await keyOf(url)], args: [version, text] }]);
    },
  };
}
