/** The index of payments that nobody has brought to an end, and the scripts that find them in it (`scripts.ts`). */
import { NOW } from "./clock.ts";

/** The index is in parts, so that payments do not wait for each other where keys are locked. */
const PARTS = [..."0123456789abcdef"];

/** The key of the part that a payment is in. */
export function pendingKey(prefix: string, spend: string): string {
  return `${prefix}:pending:${spend.slice(0, 1)}`;
}

/** The keys of all parts. */
export function pendingKeys(prefix: string): string[] {
  return PARTS.map((part) => pendingKey(prefix, part));
}

/**
 * KEYS: record, index. ARGV: owner, lease ms, spend, when to look again at what is owed, ms from now. Takes a payment
 * that nobody has in hand, to find out what became of it. Returns {kind, payment, detail, since}: `doubt`, taken in hand;
 * `owed` with the receipt; `busy`; `over` and `gone`, which leave the index.
 */
export const TAKE = `#!lua flags=allow-key-locking
${NOW}
local key, index, spend = KEYS[1], KEYS[2], ARGV[3]
local r = redis.call('HMGET', key, 'state', 'lease', 'done', 'pay', 'receipt', 'since', 'reason', 'due')
local state, lease = r[1], tonumber(r[2] or 0)
local function leave(kind)
  redis.call('ZREM', index, spend)
  return {kind, '', '', ''}
end
if not state then return leave('gone') end
if state == 'open' or state == 'failed' or r[3] == '1' or (state == 'settled' and r[8]) then return leave('over') end
if lease > now then
  redis.call('ZADD', index, ms(lease), spend)
  return {'busy', '', '', ''}
end
if state == 'settled' then
  redis.call('ZADD', index, ms(now + ARGV[4]), spend)
  return {'owed', r[4] or '', r[5], r[6]}
end
redis.call('HSET', key, 'state', 'unknown', 'owner', ARGV[1], 'lease', ms(now + ARGV[2]))
redis.call('ZADD', index, ms(now + ARGV[2]), spend)
return {'doubt', r[4] or '', r[7] or '', r[6] .. (r[8] and ' ' .. r[8] or '')}`;

/** KEYS: index. ARGV: how many. Returns the payments that it is time to look into and since when, in turn, oldest first. */
export const DUE = `#!lua flags=allow-key-locking
${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ms(now), 'WITHSCORES', 'LIMIT', '0', ARGV[1])`;
