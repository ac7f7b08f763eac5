import { NOW } from "./clock.ts";
import { DRAW_FROM } from "./credit-scripts.ts";

/**
 * The Lua scripts of payments: each atomic, by the store's own clock. The first line lets Upstash lock only the keys
 * that are named. A payment's record is a hash:
 *
 * | field | value |
 * |---|---|
 * | `state` | `claimed`, `settled`, `failed`, `unknown`; `open`: nothing was begun, but the payment is known to be good |
 * | `fp` | fingerprint of the call it was presented for |
 * | `owner` | token of the claim that may write |
 * | `lease` | when that right ends, ms since 1970 |
 * | `since` | when it was first claimed, ms since 1970 |
 * | `exp` | when the record may go once nothing is owed, ms since 1970 |
 * | `call` | hash of the call that the client has given a name to (`payment-identifier`), or empty |
 * | `pay` | JSON of the payment, so that what became of it can be looked up without the payer |
 * | `sold` | what the ledger tells of it: decimals and symbol of the token, route |
 * | `receipt` | JSON, once settled |
 * | `entry` | where the ledger has it: day and place |
 * | `done` | `1` once the answer was delivered |
 * | `broken` | how often it broke off on the way |
 * | `reason`, `tx` | x402 error reason of `failed` and `unknown`, and the transaction that may tell |
 * | `good` | until when the facilitator's word that it is valid counts, ms since 1970 |
 * | `due` | what is to be charged for what was served, atomic units |
 * | `answer`, `kept` | JSON of the answer, and until when it may be handed out again, ms since 1970 |
 *
 * What is neither delivered nor failed is also in an index, a sorted set of payments by when to look into them.
 */

/** How long what is owed or in doubt is kept, ms. */
const OWED_TTL_MS = 24 * 3600_000;

/**
 * KEYS: record; index; then, where asked for, the payer's session, or account and draw; the record of the payment
 * identifier. ARGV: fingerprint, owner, lease ms, ttl ms, create (`1` or `0`), the group of the session or account (or
 * empty), the payment, spend, the hash of the call that the identifier is for (or empty), and for an account how long the
 * draw is known, ms (or empty); what is sold.
 *
 * Returns {kind, detail, more}: `claimed`, more `1` when it is known to be good; in place of a first claim `session`
 * with its end, ms, `credit` with what is left and its end, or `twin` with the spend of the payment that came with the same identifier before, or `conflict`;
 * `paid` with the receipt, more a kept answer; `used` with the receipt, or `kept`, more the answer; `absent`; `busy` with
 * ms left; `conflict`; `failed` with the reason; `doubt` (a settlement was begun and not seen to end) with ms of the first
 * claim and, behind a blank, what is to be charged for what was served; more a kept answer; as the new owner. A claim repeated by its own owner is answered as before.
 */
export const CLAIM = `#!lua flags=allow-key-locking
${NOW}
${DRAW_FROM}
local key, index, owner, spend = KEYS[1], KEYS[2], ARGV[2], ARGV[8]
local r = redis.call('HMGET', key, 'state', 'fp', 'owner', 'lease', 'receipt', 'done', 'reason', 'since', 'answer', 'kept', 'good', 'due')
local state, lease, until_ = r[1], tonumber(r[4] or 0), ms(now + ARGV[3])
local doubt = r[8] and r[8] .. (r[12] and ' ' .. r[12] or '')
local answer = r[9] and tonumber(r[10]) > now and r[9] or ''
if not state or state == 'open' then
  if ARGV[5] == '0' then return {'absent', '', ''} end
  local credit = ARGV[10] ~= '' and drawFrom(KEYS[3], KEYS[4], ARGV[6], '', ARGV[10])
  if credit then return {'credit', credit[1], credit[2]} end
  local beside = ARGV[6] ~= '' and ARGV[10] == '' and redis.call('HMGET', KEYS[3], 'until', 'group')
  if beside and beside[1] and beside[2] == ARGV[6] and tonumber(beside[1]) > now then return {'session', beside[1], ''} end
  if ARGV[9] ~= '' then
    local named = redis.call('HMGET', KEYS[#KEYS], 'spend', 'call')
    if named[1] == spend and named[2] ~= ARGV[9] then return {'conflict', '', ''} end
    if named[1] and named[1] ~= spend then return {'twin', named[1], ''} end
    redis.call('HSET', KEYS[#KEYS], 'spend', spend, 'call', ARGV[9])
    redis.call('PEXPIRE', KEYS[#KEYS], ms(math.max(ARGV[4], ${OWED_TTL_MS})))
  end
  local good = state == 'open' and r[2] == ARGV[1] and tonumber(r[11]) > now
  if state then redis.call('DEL', key) end
  redis.call('HSET', key, 'state', 'claimed', 'fp', ARGV[1], 'owner', owner, 'lease', until_,
    'exp', ms(now + ARGV[4]), 'since', ms(now), 'pay', ARGV[7], 'call', ARGV[9], 'sold', ARGV[11])
  redis.call('PEXPIRE', key, ms(math.max(ARGV[4], ${OWED_TTL_MS})))
  redis.call('ZADD', index, until_, spend)
  -- Where nothing looks into the index, it must not grow for ever.
  redis.call('ZREMRANGEBYSCORE', index, '-inf', ms(now - 2 * ${OWED_TTL_MS}))
  redis.call('PEXPIRE', index, ms(math.max(ARGV[4], ${OWED_TTL_MS})))
  if good then redis.call('HSET', key, 'good', r[11]) end
  return {'claimed', '', good and '1' or ''}
end
if r[2] ~= ARGV[1] then return {'conflict', '', ''} end
if r[3] == owner and lease > now then
  if state == 'claimed' then return {'claimed', '', r[11] and '1' or ''} end
  if state == 'settled' then return {'paid', r[5], answer} end
  if state == 'unknown' then
    redis.call('HSET', key, 'lease', until_)
    return {'doubt', doubt, answer}
  end
end
if state == 'failed' then return {'failed', r[7], ''} end
if state == 'settled' and (r[6] == '1' or r[12]) then return {answer == '' and 'used' or 'kept', r[5], answer} end
if lease > now then return {'busy', ms(lease - now), ''} end
redis.call('HSET', key, 'owner', owner, 'lease', until_)
if state == 'settled' then return {'paid', r[5], answer} end
redis.call('HSET', key, 'state', 'unknown')
return {'doubt', doubt, answer}`;
