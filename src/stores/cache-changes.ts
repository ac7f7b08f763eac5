/** The scripts that change what is kept (`cache-scripts.ts`). */
import { MOST_FIELDS, PURGED, VARIANT } from "./cache-scripts.ts";
import { NOW } from "./clock.ts";

/** Answers to one URL that are kept at once. */
const MOST_VARIANTS = 24;
/** Names that may tell them apart. */
const MOST_NAMES = 16;
/** What was asked for longer ago than this is not kept any more, ms: so long a purge of one key is remembered. */
const LONGEST_FETCH_MS = 3600_000;
/** No answer is kept for longer, ms, whatever it says of itself; nor need a purge be remembered. */
const LONGEST_KEPT_MS = 31 * 86_400_000;

/**
 * KEYS: answers, purges. ARGV: owner, the variant that it leads, since, fresh for ms, kept for ms (from since), version,
 * entry, body (`=` and the version whose body is kept, or `+` and the body), names of headers, tags; then the request's
 * headers in turn. Returns `1`, or `0` when it was purged meanwhile or what is there was asked for later.
 */
export const KEEP = `#!lua flags=allow-key-locking
${NOW}
${VARIANT}
${PURGED}
local since, keep = tonumber(ARGV[3]), math.min(tonumber(ARGV[5]), ${LONGEST_KEPT_MS})
local own = redis.call('HMGET', KEYS[1], 'vary', 'purged', 'l:' .. ARGV[2])
if own[3] and linesOf(own[3])[1] == ARGV[1] then redis.call('HDEL', KEYS[1], 'l:' .. ARGV[2]) end
if since < now - ${LONGEST_FETCH_MS} or since + keep <= now then return 0 end
if purgedSince(since, own[2], linesOf(ARGV[10])) then return 0 end
local vary, names, seen = own[1] or '', linesOf(own[1] or ''), {}
for _, name in ipairs(names) do seen[name] = true end
local before = #names
for _, name in ipairs(linesOf(ARGV[9])) do
  if not seen[name] then names[#names + 1] = name end
end
if #names > ${MOST_NAMES} then return 0 end
local function forget(variant)
  redis.call('HDEL', KEYS[1], 'm:' .. variant, 'e:' .. variant, 'b:' .. variant, 'p:' .. variant)
end
local others = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local kind, variant = string.sub(field, 1, 2), string.sub(field, 3)
  if kind == 'l:' or kind == 'p:' then
    -- It may have gone with its answer.
    local lines = linesOf(redis.call('HGET', KEYS[1], field) or '0')
    if tonumber(lines[2] or lines[1]) <= now then redis.call('HDEL', KEYS[1], field) end
  elseif kind == 'm:' then
    local lines = linesOf(redis.call('HGET', KEYS[1], field))
    -- What was told apart by less cannot be found by more.
    if #names > before or tonumber(lines[3]) <= now then forget(variant)
    else others[#others + 1] = {variant, tonumber(lines[1])} end
  end
end
vary = table.concat(names, '\\n')
if #names > before then
  redis.call('HSET', KEYS[1], 'vary', vary)
  -- At once: what follows may keep nothing.
  keepFor(since + keep - now)
end
local variant = variantOf(vary, 11)
for _, other in ipairs(others) do
  if other[1] == variant and other[2] > since then return 0 end
end
local body = string.sub(ARGV[8], 2)
if string.sub(ARGV[8], 1, 1) == '=' then
  local there = linesOf(redis.call('HGET', KEYS[1], 'm:' .. variant) or '')
  -- Its body was asked for earlier: what was purged since then is gone, whatever the upstream says of it now.
  if there[4] ~= body or purgedSince(tonumber(there[1]), own[2], {unpack(there, 5)}) then return 0 end
else
  if #others >= ${MOST_VARIANTS} then
    table.sort(others, function(a, b) return a[2] < b[2] end)
    for _, other in ipairs(others) do
      if other[1] ~= variant then forget(other[1]) break end
    end
  end
  redis.call('HSET', KEYS[1], 'b:' .. variant, body)
end
local meta = ms(since) .. '\\n' .. ms(since + ARGV[4]) .. '\\n' .. ms(since + keep) .. '\\n' .. ARGV[6]
redis.call('HSET', KEYS[1], 'm:' .. variant, ARGV[10] == '' and meta or meta .. '\\n' .. ARGV[10], 'e:' .. variant, ARGV[7])
redis.call('HDEL', KEYS[1], 'p:' .. variant)
keepFor(since + keep - now)
return 1`;

/** KEYS: answers. ARGV: variant, version. Returns the body, or false when that answer is not kept any more. */
export const BODY = `#!lua flags=allow-key-locking
local f = redis.call('HMGET', KEYS[1], 'm:' .. ARGV[1], 'b:' .. ARGV[1])
if not f[1] or string.match(f[1], '^[^\\n]*\\n[^\\n]*\\n[^\\n]*\\n([^\\n]*)') ~= ARGV[2] then return false end
return f[2]`;

/**
 * KEYS: answers. ARGV: variant, owner, lease ms (`0` ends it), for how long everybody asks for itself then, ms. Only the
 * owner's.
 */
export const LEASE = `#!lua flags=allow-key-locking
${NOW}
local field = 'l:' .. ARGV[1]
local owner, since = string.match(redis.call('HGET', KEYS[1], field) or '', '^([^\\n]*)\\n[^\\n]*\\n([^\\n]*)$')
if owner ~= ARGV[2] then return 0 end
local function keepFor(span)
  if redis.call('PTTL', KEYS[1]) < span then redis.call('PEXPIRE', KEYS[1], ms(span)) end
end
if ARGV[3] ~= '0' then
  redis.call('HSET', KEYS[1], field, owner .. '\\n' .. ms(now + ARGV[3]) .. '\\n' .. since)
  keepFor(tonumber(ARGV[3]))
  return 1
end
if ARGV[4] ~= '0' and redis.call('HLEN', KEYS[1]) < ${MOST_FIELDS} then
  redis.call('HSET', KEYS[1], 'p:' .. ARGV[1], ms(now + ARGV[4]))
  keepFor(tonumber(ARGV[4]))
end
redis.call('HDEL', KEYS[1], field)
return 1`;

/** KEYS: answers. What was asked for until now is forgotten, and is not kept when it comes later. */
export const PURGE_KEY = `#!lua flags=allow-key-locking
${NOW}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'purged', ms(now))
return redis.call('PEXPIRE', KEYS[1], ${LONGEST_FETCH_MS})`;

/** KEYS: purges. ARGV: tags. */
export const PURGE_TAGS = `#!lua flags=allow-key-locking
${NOW}
for _, tag in ipairs(ARGV) do redis.call('ZADD', KEYS[1], ms(now), tag) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ms(now - ${LONGEST_KEPT_MS}))
return redis.call('PEXPIRE', KEYS[1], ${LONGEST_KEPT_MS})`;
