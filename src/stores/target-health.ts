/**
 * What instances know together of upstreams with several targets (`docs/storage.md`): `{prefix}:up:{upstream}`, a hash with
 * the failures of each target that has any. It ends by itself when nothing has failed for a while.
 */
import * as z from "zod/mini";
import type { RunScripts, TargetHealth } from "../core/stores.ts";
import { NOW } from "./clock.ts";

/** KEYS: health. Returns the ids of the targets that are out. */
const OUT = `#!lua flags=allow-key-locking
${NOW}
local all = redis.call('HGETALL', KEYS[1])
local out = {}
for i = 1, #all, 2 do
  local id = string.match(all[i], '^(.*):out$')
  if id and tonumber(all[i + 1]) > now then out[#out + 1] = id end
end
return out`;

/**
 * KEYS: health. ARGV: target, failures that put it out, within how long, for how long (ms). Returns 1 when this one did. While
 * it is out nothing is counted: those calls were under way, or all targets are out.
 */
const FAILED = `#!lua flags=allow-key-locking
${NOW}
local key, id = KEYS[1], ARGV[1]
local function field(name) return tonumber(redis.call('HGET', key, id .. ':' .. name) or 0) end
if field('out') > now then return 0 end
local within, lasts = tonumber(ARGV[3]), tonumber(ARGV[4])
local ejected = 0
if now - field('since') >= within then
  redis.call('HSET', key, id .. ':since', ms(now), id .. ':n', '0')
end
if redis.call('HINCRBY', key, id .. ':n', 1) >= tonumber(ARGV[2]) then
  redis.call('HSET', key, id .. ':out', ms(now + lasts))
  redis.call('HDEL', key, id .. ':since', id .. ':n')
  ejected = 1
end
redis.call('PEXPIRE', key, ms(math.max(within, lasts)))
return ejected`;

const Ids = z.array(z.string());
const Ejected = z.coerce.number();

/** The health of targets, behind a connection. */
export function targetHealth(run: RunScripts, prefix: string): TargetHealth {
  const keys = (upstream: string) => [`${prefix}:up:${upstream}`];
  return {
    out: (upstream) => ({
      run,
      // Its failure must not be that of the payment which is asked for in the same request.
      calls: [{ script: OUT, keys: keys(upstream), args: [], optional: true }],
      read: ([reply]) => new Set(Ids.safeParse(reply).data),
    }),
    async failed({ name, health }, { id }) {
      if (!health) return false;
      const args = [health.failures, health.withinMs, health.ejectMs].map(String);
      const [reply] = await run([{ script: FAILED, keys: keys(name), args: [id, ...args] }]);
      return Ejected.parse(reply) === 1;
    },
  };
}
