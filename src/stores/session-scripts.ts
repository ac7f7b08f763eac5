import { NOW } from "./clock.ts";

/**
 * The scripts of sessions. A session is a hash:
 *
 * | field | value |
 * |---|---|
 * | `until` | when the paid time ends, ms since 1970; 0 when it was revoked |
 * | `group` | the group of routes it opens |
 * | `t:{hash}` | a token's hash → when it was given out, ms |
 * | `s:{spend}` | a payment that has added its time → when, ms |
 *
 * The record outlives the paid time, for as long as a payment may still be presented again: one that has added its
 * time must be known then.
 */

/** A session has so many tokens at most; further ones take the place of the oldest. */
const MAX_TOKENS = 32;
/** From so many fields on, a grant tidies up. */
const MANY_FIELDS = 64;

/** A function for scripts, after the clock: forgets payments that nobody can present any more, and the oldest tokens. */
export const TIDY = `local function tidy(key, known)
  if redis.call('HLEN', key) < ${MANY_FIELDS} then return end
  local all, tokens = redis.call('HGETALL', key), {}
  for i = 1, #all, 2 do
    local kind, at = string.sub(all[i], 1, 2), tonumber(all[i + 1])
    if kind == 's:' and at < now - known then redis.call('HDEL', key, all[i]) end
    if kind == 't:' then table.insert(tokens, {at, all[i]}) end
  end
  table.sort(tokens, function(a, b) return a[1] < b[1] end)
  for i = 1, #tokens - ${MAX_TOKENS} + 1 do redis.call('HDEL', key, tokens[i][2]) end
end`;

/** KEYS: session. ARGV: group, hash of a token or empty. Returns when it ends, ms, or 0. */
export const END_OF = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'until', 'group', 't:' .. ARGV[2])
if not r[1] or r[2] ~= ARGV[1] or tonumber(r[1]) <= now then return '0' end
if ARGV[2] ~= '' and not r[3] then return '0' end
return r[1]`;

/**
 * KEYS: session. ARGV: group, spend, hash of a token or empty, duration ms, how long payments are known, ms. Returns when it ends, ms; a payment that has added
 * its time before adds none, and its session may be over.
 */
export const GRANT = `#!lua flags=allow-key-locking
${NOW}
${TIDY}
local key, spend = KEYS[1], 's:' .. ARGV[2]
local r = redis.call('HMGET', key, 'until', spend)
local ends = tonumber(r[1] or 0)
if not r[2] then ends = math.max(now, ends) + ARGV[4] end
tidy(key, ARGV[5])
redis.call('HSET', key, 'until', ms(ends), 'group', ARGV[1], spend, r[2] or ms(now))
if ends > now and ARGV[3] ~= '' then redis.call('HSET', key, 't:' .. ARGV[3], ms(now)) end
redis.call('PEXPIRE', key, ms(math.max(ends - now, ARGV[5])))
return ms(ends)`;

/** KEYS: session, or account of credits. Returns 1, or 0 when none runs. Its payments stay known, its tokens do not. */
export const REVOKE = `#!lua flags=allow-key-locking
${NOW}
local ends = tonumber(redis.call('HGET', KEYS[1], 'until') or 0)
if ends <= now then return 0 end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 't:' then redis.call('HDEL', KEYS[1], field) end
end
redis.call('HSET', KEYS[1], 'until', '0')
return 1`;
