import { NOW } from "./clock.ts";
import { TIDY } from "./session-scripts.ts";

/**
 * The scripts of prepaid credits. An account is a hash:
 *
 * | field | value |
 * |---|---|
 * | `left` | credits that are left |
 * | `until` | when they end, ms since 1970; 0 when they were revoked |
 * | `group` | the group of routes that they are for |
 * | `since` | when the account was opened, or opened again after its end, ms |
 * | `t:{hash}` | a token's hash → when it was given out, ms |
 * | `s:{spend}` | a payment that has added its credits → when, ms |
 *
 * A draw has a key of its own for as long as it may be given back: the account's key and `since`, or `back` once it was
 * given back or must not be drawn any more. So a credit is drawn once however often it is asked for, is given back once,
 * and a question that arrives after its own giving back draws nothing.
 */

/**
 * A function for scripts, after the clock: draws one credit. `token` is the field of a token, or empty for the proven
 * payer. Gives {left, until} as text, or nil.
 */
export const DRAW_FROM = `local function drawFrom(account, draw, group, token, known)
  local was = redis.call('GET', draw)
  if was == 'back' then return nil end
  local r = redis.call('HMGET', account, 'left', 'until', 'group', 'since', token)
  if not was then
    if r[3] ~= group or tonumber(r[2]) <= now or tonumber(r[1]) < 1 then return nil end
    if token ~= '' and not r[5] then return nil end
    r[1] = ms(redis.call('HINCRBY', account, 'left', -1))
    redis.call('SET', draw, account .. ' ' .. r[4], 'PX', known)
  end
  return {r[1] or '0', r[2] or '0'}
end`;

/** KEYS: account; draw. ARGV: group, hash of a token, how long the draw is known, ms. Returns {left, until}, or empty texts. */
export const DRAW = `#!lua flags=allow-key-locking
${NOW}
${DRAW_FROM}
return drawFrom(KEYS[1], KEYS[2], ARGV[1], 't:' .. ARGV[2], ARGV[3]) or {'', ''}`;

/**
 * KEYS: draw; the accounts that it may be of. ARGV: how long the draw is known, ms. Returns {left, until}, or empty
 * texts when there was nothing to give back. What an account held before it ended or was revoked does not come back.
 */
export const GIVE_BACK = `#!lua flags=allow-key-locking
local was = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], 'back', 'PX', ARGV[1])
for i = 2, #KEYS do
  local r = redis.call('HMGET', KEYS[i], 'since', 'until')
  if r[1] and was == KEYS[i] .. ' ' .. r[1] then
    return {string.format('%.0f', redis.call('HINCRBY', KEYS[i], 'left', 1)), r[2]}
  end
end
return {'', ''}`;

/**
 * KEYS: account. ARGV: group, spend, hash of a token or empty, how long the credits last, ms, how long payments are known,
 * ms, credits. Returns {left, until}; a payment that has added its credits before adds none, and they may be over.
 */
export const GRANT_CREDITS = `#!lua flags=allow-key-locking
${NOW}
${TIDY}
local key, spend = KEYS[1], 's:' .. ARGV[2]
local r = redis.call('HMGET', key, 'left', 'until', 'since', spend)
local left, ends, since = tonumber(r[1] or 0), tonumber(r[2] or 0), r[3]
if not r[4] then
  if ends <= now then left, since = 0, ms(now) end
  left, ends = left + ARGV[6], math.max(ends, now + ARGV[4])
end
tidy(key, ARGV[5])
redis.call('HSET', key, 'left', ms(left), 'until', ms(ends), 'group', ARGV[1], 'since', since, spend, r[4] or ms(now))
if ends > now and ARGV[3] ~= '' then redis.call('HSET', key, 't:' .. ARGV[3], ms(now)) end
redis.call('PEXPIRE', key, ms(math.max(ends - now, ARGV[5])))
return {ms(left), ms(ends)}`;

/** KEYS: account. Returns {left, until}, or empty texts when it has ended or never was. */
export const BALANCE = `#!lua flags=allow-key-locking
${NOW}
local r = redis.call('HMGET', KEYS[1], 'left', 'until')
if not r[1] or tonumber(r[2]) <= now then return {'', ''} end
return r`;
