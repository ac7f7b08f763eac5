/** The script that the owner of a claim changes a payment's record with (`scripts.ts`). */
import { NOW } from "./clock.ts";
import { DAY_MS, ENTER } from "./ledger-script.ts";

/** How often an answer may break off half-way before the payment counts as used. */
const MAX_BROKEN = 3;
/** How long what is over is remembered at least, ms: a payment collected late must still be found used. */
const KEPT_AT_LEAST_MS = 600_000;
/** How long a payment in doubt is left alone before somebody may look into it again, ms. */
const DOUBT_MS = 2000;
/** When somebody other than its payer may look into it, ms. */
const LOOK_AGAIN_MS = 60_000;
/** How long what was bought under a name is remembered, ms: as long as the name (`scripts.ts`). */
const NAMED_MS = 24 * 3600_000;

/**
 * KEYS: record; index; with a ledger its three (`ledger-script.ts`); the record of the payment identifier, if there is one. ARGV: owner, change, lease ms, receipt (or empty), reason (or under `due` what is to be charged), transaction, spend, answer (or empty),
 * and ms: how long the answer is kept, or under `abandoned` how long the payment is known to be good; then what the
 * ledger needs, of which the first is empty without one.
 *
 * Returns 1, or 0 when the owner no longer holds the claim or the change does not follow from the state. A receipt
 * settles whatever the change and whoever brings it: an earlier write, or the claim itself, may have been lost. What
 * settled stays settled. A repeated change is a 1 again, but for `abandoned` before settling, whose record is gone.
 *
 * Returns the number of a day where the ledger's keys must be of that day, and changes nothing: a receipt belongs to the day
 * on which it was settled, and only this script knows which that is.
 */
export const CHANGE = `#!lua flags=allow-key-locking
${NOW}
${ENTER}
local key, index, to, spend = KEYS[1], KEYS[2], ARGV[2], ARGV[7]
local r = redis.call('HMGET', key, 'state', 'owner', 'exp', 'lease', 'good', 'call', 'due',
  'entry', 'receipt', 'pay', 'sold')
local state, place, mine = r[1], ARGV[10] ~= '' and r[8], r[2] == ARGV[1]
local fresh = ARGV[4] ~= '' and (state == 'claimed' or state == 'unknown')
local ends = {delivered = true, broken = true, due = true}
local name = KEYS[ARGV[10] == '' and 3 or 6]
if ARGV[10] ~= '' then
  local today = (fresh or (state == 'settled' and mine)) and not place and ms(math.floor(now / ${DAY_MS}))
  local needed = today or (place and mine and ends[to] and string.match(place, '^%d+'))
  if needed and needed ~= ARGV[10] then return needed end
end
local function set(...) redis.call('HSET', key, ...) end
local function keep()
  if ARGV[8] ~= '' then set('answer', ARGV[8], 'kept', ms(now + ARGV[9])) end
end
-- What was bought under a name is known as long as the name is.
local function over(named)
  local least = named and ${NAMED_MS} or ${KEPT_AT_LEAST_MS}
  redis.call('PEXPIRE', key, ms(math.max(tonumber(r[3]) - now, ARGV[8] ~= '' and ARGV[9] or 0, least)))
  redis.call('ZREM', index, spend)
end
local function forget_name()
  if name and redis.call('HGET', name, 'spend') == spend then redis.call('DEL', name) end
end
if fresh then
  set('state', 'settled', 'receipt', ARGV[4])
  state = 'settled'
end
-- Also one that was settled by an instance that kept no ledger.
if ARGV[10] ~= '' and state == 'settled' and not place and (fresh or mine) then
  place = enter(key, spend, fresh and ARGV[4] or r[9], r[10], r[11])
  -- It was served before it was charged.
  if place and r[7] then close(place, 'd', spend) end
end
if not state or state == 'open' then return 0 end
if not mine or (ARGV[4] ~= '' and state ~= 'settled') then return 0 end
if to == 'settled' or to == 'renewed' then
  set('lease', ms(now + ARGV[3]))
elseif to == 'kept' then
  keep()
elseif to == 'due' then
  set('due', ARGV[5], 'lease', ms(now + ARGV[3]))
  if place then close(place, 'd', spend) end
elseif state == 'settled' then
  if to == 'failed' or to == 'unknown' then return 0 end
  if to == 'broken' and r[4] == '0' then return 1 end
  local broken = to == 'broken' and redis.call('HINCRBY', key, 'broken', 1) or 0
  set('lease', '0')
  if to == 'delivered' or broken >= ${MAX_BROKEN} then
    keep()
    set('done', '1')
    if place then close(place, to == 'delivered' and 'd' or 'b', spend) end
    over(r[6] and r[6] ~= '')
  end
elseif to == 'abandoned' or to == 'broken' then
  -- What was served must not be forgotten.
  if state ~= 'claimed' or r[7] then
    set('lease', '0')
  else
    redis.call('ZREM', index, spend)
    forget_name()
    local good = tonumber(r[5] or now + ARGV[9])
    if good > now then
      set('state', 'open', 'owner', '', 'lease', '0', 'good', ms(good))
      redis.call('PEXPIRE', key, ms(good - now))
    else
      redis.call('DEL', key)
    end
  end
elseif to == 'failed' or to == 'unknown' then
  set('state', to, 'reason', ARGV[5], 'tx', ARGV[6], 'lease', to == 'unknown' and ms(now + ${DOUBT_MS}) or '0')
  if to == 'unknown' then redis.call('ZADD', index, ms(now + ${LOOK_AGAIN_MS}), spend) end
  if to == 'failed' then
    over()
    forget_name()
  end
else
  return 0
end
return 1`;
