/** The scripts around those of the rate limits. A ban's record is a counter of refused calls that ends by itself. */

/**
 * The same script for one of two clients: KEYS are those of the one, those of the other, and a payment's record. A payment
 * that has no record yet counts for the one; any other for the other. Returns {`1` for the other, what the script says}.
 */
export function forOneOfTwo(script: string): string {
  const [, body = script] = /^#!lua[^\n]*\n([\s\S]*)$/.exec(script) ?? [];
  return `#!lua flags=allow-key-locking
local state = redis.call('HGET', KEYS[#KEYS], 'state')
local known = state and state ~= 'open'
local half = (#KEYS - 1) / 2
local function run(KEYS)
${body}
end
local keys = {}
for i = 1, half do keys[i] = KEYS[known and half + i or i] end
return {known and 1 or 0, run(keys)}`;
}

/** KEYS: counter. ARGV: how many are a ban. Returns how long the ban still lasts, ms; 0 is none. */
export const BANNED = `#!lua flags=allow-key-locking
local refused = tonumber(redis.call('GET', KEYS[1]) or 0)
if refused < tonumber(ARGV[1]) then return 0 end
return redis.call('PTTL', KEYS[1])`;

/** KEYS: counter. ARGV: how many are a ban, within how long, for how long (ms). Returns the count. */
export const STRIKE = `#!lua flags=allow-key-locking
local refused = redis.call('INCR', KEYS[1])
if refused == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if refused == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return refused`;
