/**
 * The Lua scripts: each changes one key, atomically, by the store's own clock. The first line lets Upstash lock only
 * that key. A payment's record is a hash:
 *
 * | field | value |
 * |---|---|
 * | `state` | `claimed`, `settled`, `failed`, `unknown` |
 * | `fp` | fingerprint of the call it was presented for |
 * | `owner` | token of the claim that may write |
 * | `lease` | when that right ends, ms since 1970 |
 * | `receipt` | JSON, once settled |
 * | `done` | `1` once the answer was delivered |
 * | `reason` | x402 error reason of `failed` and `unknown` |
 */

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/**
 * KEYS: record. ARGV: fingerprint, owner, lease ms, ttl ms.
 * Returns {kind, detail}: `claimed`; `paid` or `used` with the receipt; `busy` with ms left; `conflict`; `failed` with
 * the reason; `unknown`. A claim repeated by its own owner is still `claimed`, so a lost reply costs nothing.
 */
export const CLAIM = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'state', 'fp', 'owner', 'lease', 'receipt', 'done', 'reason')
local state, fp, owner, lease = r[1], r[2], r[3], tonumber(r[4] or 0)
if not state then
  redis.call('HSET', KEYS[1], 'state', 'claimed', 'fp', ARGV[1], 'owner', ARGV[2],
    'lease', string.format('%.0f', now + ARGV[3]))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return {'claimed', ''}
end
if fp ~= ARGV[1] then return {'conflict', ''} end
if owner == ARGV[2] and lease > now then
  if state == 'claimed' then return {'claimed', ''} end
  if state == 'settled' then return {'paid', r[5]} end
end
if state == 'failed' then return {'failed', r[7]} end
if state == 'settled' and r[6] == '1' then return {'used', r[5]} end
if lease > now then return {'busy', string.format('%.0f', lease - now)} end
if state == 'settled' then
  redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'lease', string.format('%.0f', now + ARGV[3]))
  return {'paid', r[5]}
end
return {'unknown', ''}`;

/**
 * KEYS: record. ARGV: owner, change, detail (receipt, reason or lease ms).
 * Returns 1, or 0 when the owner no longer holds the claim or the change does not follow from the state. What settled
 * stays settled. A repeated change is a 1 again, but for `abandoned` before settling, whose record is gone.
 */
export const CHANGE = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'state', 'owner')
if r[2] ~= ARGV[1] then return 0 end
local state, to = r[1], ARGV[2]
if to == 'renewed' then
  redis.call('HSET', KEYS[1], 'lease', string.format('%.0f', now + ARGV[3]))
elseif to == 'delivered' then
  if state ~= 'settled' then return 0 end
  redis.call('HSET', KEYS[1], 'done', '1', 'lease', '0')
elseif to == 'abandoned' and state == 'settled' then
  redis.call('HSET', KEYS[1], 'lease', '0')
elseif to == 'settled' then
  if state == 'failed' then return 0 end
  redis.call('HSET', KEYS[1], 'state', 'settled', 'receipt', ARGV[3])
elseif state == 'settled' then
  return 0
elseif to == 'abandoned' then
  if state ~= 'claimed' then return 0 end
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'state', to, 'reason', ARGV[3], 'lease', '0')
end
return 1`;
