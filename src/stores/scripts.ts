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
 * | `since` | when it was first claimed, ms since 1970 |
 * | `exp` | when the record may go once nothing is owed, ms since 1970 |
 * | `receipt` | JSON, once settled |
 * | `done` | `1` once the answer was delivered |
 * | `broken` | how often it broke off on the way |
 * | `reason`, `tx` | x402 error reason of `failed` and `unknown`, and the transaction that may tell |
 */

/** How often an answer may break off half-way before the payment counts as used. */
const MAX_BROKEN = 3;
/** How long what is over is remembered at least, ms: a payment collected late must still be found used. */
const KEPT_AT_LEAST_MS = 600_000;
/** How long a payment in doubt is left alone before somebody may look into it again, ms. */
const DOUBT_MS = 2000;
/** How long what is owed or in doubt is kept, ms. */
const OWED_TTL_MS = 24 * 3600_000;

const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function ms(x) return string.format('%.0f', x) end`;

/**
 * KEYS: record, and the payer's session if it is kept beside. ARGV: fingerprint, owner, lease ms, ttl ms, create (`1`
 * or `0`), the session's group.
 * Returns {kind, detail}: `claimed`; `session` with its end, ms, in place of a first claim; `paid` or `used` with the receipt; `absent`; `busy` with ms left; `conflict`;
 * `failed` with the reason; `doubt` (a settlement was begun and not seen to end) with ms of the first claim, as the new
 * owner. A claim repeated by its own owner is still `claimed`.
 */
export const CLAIM = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'state', 'fp', 'owner', 'lease', 'receipt', 'done', 'reason', 'since')
local state, lease = r[1], tonumber(r[4] or 0)
if not state then
  if ARGV[5] == '0' then return {'absent', ''} end
  local s = KEYS[2] and redis.call('HMGET', KEYS[2], 'until', 'group')
  if s and s[1] and s[2] == ARGV[6] and tonumber(s[1]) > now then return {'session', s[1]} end
  redis.call('HSET', KEYS[1], 'state', 'claimed', 'fp', ARGV[1], 'owner', ARGV[2],
    'lease', ms(now + ARGV[3]), 'exp', ms(now + ARGV[4]), 'since', ms(now))
  redis.call('PEXPIRE', KEYS[1], ms(math.max(ARGV[4], ${OWED_TTL_MS})))
  return {'claimed', ''}
end
if r[2] ~= ARGV[1] then return {'conflict', ''} end
if r[3] == ARGV[2] and lease > now then
  if state == 'claimed' then return {'claimed', ''} end
  if state == 'settled' then return {'paid', r[5]} end
  if state == 'unknown' then
    redis.call('HSET', KEYS[1], 'lease', ms(now + ARGV[3]))
    return {'doubt', r[8]}
  end
end
if state == 'failed' then return {'failed', r[7]} end
if state == 'settled' and r[6] == '1' then return {'used', r[5]} end
if lease > now then return {'busy', ms(lease - now)} end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'lease', ms(now + ARGV[3]))
if state == 'settled' then return {'paid', r[5]} end
redis.call('HSET', KEYS[1], 'state', 'unknown')
return {'doubt', r[8]}`;

/**
 * KEYS: record. ARGV: owner, change, lease ms, receipt (or empty), reason, transaction.
 * Returns 1, or 0 when the owner no longer holds the claim or the change does not follow from the state. A receipt
 * settles whatever the change and whoever brings it: an earlier write, or the claim itself, may have been lost. What settled stays settled. A repeated
 * change is a 1 again, but for `abandoned` before settling, whose record is gone.
 */
export const CHANGE = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'state', 'owner', 'exp', 'lease')
local state, to = r[1], ARGV[2]
local function set(...) redis.call('HSET', KEYS[1], ...) end
local function expire() redis.call('PEXPIRE', KEYS[1], ms(math.max(tonumber(r[3]) - now, ${KEPT_AT_LEAST_MS}))) end
if ARGV[4] ~= '' and (state == 'claimed' or state == 'unknown') then
  set('state', 'settled', 'receipt', ARGV[4])
  state = 'settled'
end
if r[2] ~= ARGV[1] or (ARGV[4] ~= '' and state ~= 'settled') then return 0 end
if to == 'settled' or to == 'renewed' then
  set('lease', ms(now + ARGV[3]))
elseif state == 'settled' then
  if to == 'failed' or to == 'unknown' then return 0 end
  if to == 'broken' and r[4] == '0' then return 1 end
  local broken = to == 'broken' and redis.call('HINCRBY', KEYS[1], 'broken', 1) or 0
  set('lease', '0')
  if to == 'delivered' or broken >= ${MAX_BROKEN} then
    set('done', '1')
    expire()
  end
elseif to == 'abandoned' or to == 'broken' then
  if state == 'claimed' then redis.call('DEL', KEYS[1]) else set('lease', '0') end
elseif to == 'failed' or to == 'unknown' then
  set('state', to, 'reason', ARGV[5], 'tx', ARGV[6], 'lease', to == 'unknown' and ms(now + ${DOUBT_MS}) or '0')
  if to == 'failed' then expire() end
else
  return 0
end
return 1`;
