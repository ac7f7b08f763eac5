/**
 * The Lua scripts of kept answers. One key is a hash of everything that is kept for one method, host, path and query:
 *
 * | field | value |
 * |---|---|
 * | `vary` | names of the request headers that tell its answers apart, a line each |
 * | `m:{variant}` | since, fresh until, kept until (ms since 1970), version; then the tags, a line each |
 * | `e:{variant}` | JSON: status, headers, encoding of the body |
 * | `b:{variant}` | the body |
 * | `l:{variant}` | who asks the upstream: owner, until, since |
 * | `p:{variant}` | until when everybody asks for itself, ms since 1970 |
 * | `purged` | what was asked for until then is not kept, ms since 1970 |
 *
 * A variant is the SHA-1 of the values of those headers. Purges of tags are in one sorted set, tag by time: a look costs
 * one command for each tag of what it has found, and a purge is one write, whatever it makes go away.
 */
import { NOW } from "./clock.ts";

/** Beyond so many fields of one key nobody is waited for: whoever makes up header values does not fill the store. */
export const MOST_FIELDS = 512;

/** The variant of a request: `given` are the names and values of its headers, from `ARGV[first]` on. */
export const VARIANT = `local function variantOf(vary, first)
  local given, parts = {}, {}
  for i = first, #ARGV, 2 do given[ARGV[i]] = ARGV[i + 1] end
  for name in string.gmatch(vary, '[^\\n]+') do
    local value = given[name]
    parts[#parts + 1] = name .. (value and '=' .. #value .. ':' .. value or '-')
  end
  return redis.sha1hex(table.concat(parts, '\\n'))
end`;

/** True when something was purged at or after `since`. */
export const PURGED = `local function purgedSince(since, purged, tags)
  if purged and tonumber(purged) >= since then return true end
  for _, tag in ipairs(tags) do
    local at = redis.call('ZSCORE', KEYS[2], tag)
    if at and tonumber(at) >= since then return true end
  end
  return false
end
local function linesOf(text)
  local lines = {}
  for line in string.gmatch(text, '[^\\n]+') do lines[#lines + 1] = line end
  return lines
end
local function keepFor(span)
  if redis.call('PTTL', KEYS[1]) < span then redis.call('PEXPIRE', KEYS[1], ms(span)) end
end`;

/**
 * KEYS: answers, purges. ARGV: owner, lease ms (`0`: takes none), `1` to ask anew, characters of a body that are handed out
 * at most (or empty), tags of whatever comes, a line each; then the request's headers, name and value in turn.
 *
 * Returns {variant, now, turn, ms, meta, entry, body}: turn `lead`, `follow` with the ms that are left, `alone` or `none`;
 * meta is empty where nothing is kept, body where it is too long.
 */
export const LOOK = `#!lua flags=allow-key-locking
${NOW}
${VARIANT}
${PURGED}
local own = redis.call('HMGET', KEYS[1], 'vary', 'purged')
local variant = variantOf(own[1] or '', 6)
local f = redis.call('HMGET', KEYS[1], 'm:' .. variant, 'l:' .. variant, 'p:' .. variant)
local meta, entry, body, fresh, never = '', '', '', false, false
if f[1] then
  local lines = linesOf(f[1])
  local since, untilFresh, untilKept = tonumber(lines[1]), tonumber(lines[2]), tonumber(lines[3])
  if untilKept > now and not purgedSince(since, own[2], {unpack(lines, 5)}) then
    meta, fresh, never = f[1], untilFresh > now, untilFresh <= since
    entry = redis.call('HGET', KEYS[1], 'e:' .. variant)
    if ARGV[4] == '' or redis.call('HSTRLEN', KEYS[1], 'b:' .. variant) <= tonumber(ARGV[4]) then
      body = redis.call('HGET', KEYS[1], 'b:' .. variant)
    end
  end
end
local function reply(turn, left) return {variant, ms(now), turn, left, meta, entry, body} end
if fresh and ARGV[3] ~= '1' then return reply('none', '') end
-- One that is asked for anew each time is nothing to wait for.
if ARGV[2] == '0' or never or (f[3] and tonumber(f[3]) > now) then return reply('alone', '') end
if f[2] then
  local lease = linesOf(f[2])
  local until_, since = tonumber(lease[2]), tonumber(lease[3])
  if lease[1] ~= ARGV[1] and until_ > now and not purgedSince(since, own[2], linesOf(ARGV[5])) then
    return reply('follow', ms(until_ - now))
  end
end
if not f[2] and redis.call('HLEN', KEYS[1]) >= ${MOST_FIELDS} then return reply('alone', '') end
redis.call('HSET', KEYS[1], 'l:' .. variant, ARGV[1] .. '\\n' .. ms(now + ARGV[2]) .. '\\n' .. ms(now))
keepFor(tonumber(ARGV[2]))
return reply('lead', '')`;
