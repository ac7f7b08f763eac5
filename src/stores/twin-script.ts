/** The script for a payment that comes under the name of another one (`payment-identifier`; `scripts.ts`). */
import { NOW } from "./clock.ts";

/**
 * KEYS: record of the name; record of the payment that it names. ARGV: owner, lease ms, hash of the call, that payment's
 * spend. What became of that payment is the answer, as `CLAIM` says it: `paid`, as the new owner; `used`; `kept`; `busy`;
 * `conflict`. `again`: ask `CLAIM` once more, because the name is somebody else's meanwhile, or free: nothing was bought
 * under it.
 */
export const TWIN = `#!lua flags=allow-key-locking
${NOW}
local name, key = KEYS[1], KEYS[2]
local named = redis.call('HMGET', name, 'spend', 'call')
if named[1] ~= ARGV[4] then return {'again', '', ''} end
local r = redis.call('HMGET', key, 'state', 'lease', 'receipt', 'done', 'answer', 'kept', 'call', 'due')
local state, lease = r[1], tonumber(r[2] or 0)
if not state or state == 'open' or state == 'failed' or (r[7] and r[7] ~= named[2]) then
  redis.call('DEL', name)
  return {'again', '', ''}
end
if named[2] ~= ARGV[3] then return {'conflict', '', ''} end
local answer = r[5] and tonumber(r[6]) > now and r[5] or ''
if state == 'settled' and (r[4] == '1' or r[8]) then return {answer == '' and 'used' or 'kept', r[3], answer} end
if lease > now then return {'busy', ms(lease - now), ''} end
-- Only the payment that is in doubt can end it.
if state ~= 'settled' then return {'busy', '2000', ''} end
redis.call('HSET', key, 'owner', ARGV[1], 'lease', ms(now + ARGV[2]))
return {'paid', r[3], answer}`;
