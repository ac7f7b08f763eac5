/**
 * What the payments' script writes into the ledger (`docs/ledger.md`): functions of `CHANGE`, so that a receipt is in the
 * ledger exactly when the record says that it is settled. A receipt is one line of a day's list, and its place there is
 * in the payment's record:
 *
 * | field of the line | value |
 * |---|---|
 * | settled | ms since 1970 |
 * | done | when it was delivered or used up, ms since 1970; `0` before |
 * | state | `o` owed, `d` delivered, `b` used up by answers that broke off |
 * | spend | hash that names the payment |
 * | payer | keyed hash |
 * | transaction | `-` where nothing was charged |
 * | amount | what was charged, atomic units |
 * | network, asset, decimals, symbol, route | the route comes last: it has blanks in it |
 *
 * A day's sums are a hash, `{name} {network} {asset} {decimals} {symbol} {route}` → a count: `n` receipts, `d` delivered, `b`
 * used up, and `0`, `1`, … what was charged, nine digits each. Redis adds up in 64 bits and Lua in 53, and amounts may have 256.
 */

/** Days are told by their number since 1970. */
export const DAY_MS = 86_400_000;

/**
 * After the clock. KEYS: 3 the day's list, 4 its sums, 5 what is owed. ARGV: 10 the number of the day that these keys are
 * of, or empty; 11 the payer's hash; 12 how long receipts are kept, ms.
 */
export const ENTER = `local function count(name, group, by) redis.call('HINCRBY', KEYS[4], name .. ' ' .. group, by) end
local function decoded(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == 'table' and value or {}
end
local function write(key, spend, receipt, pay, sold)
  local paid, terms = decoded(receipt), decoded(pay).requirements or {}
  local what = sold and sold ~= '' and sold or '- - unknown'
  local group = table.concat({terms.network or '-', terms.asset or '-', what}, ' ')
  local amount, transaction = paid.amount or terms.amount or '0', paid.transaction or ''
  local line = {ms(now), '0', 'o', spend, ARGV[11], transaction == '' and '-' or transaction, amount, group}
  local ends, day = ms(math.ceil((now + 1) / ${DAY_MS}) * ${DAY_MS} - now + ARGV[12]), ARGV[10]
  -- A list that is as long as the store allows must not keep a payment from being noted: its sums are right all the same.
  local length = redis.pcall('RPUSH', KEYS[3], table.concat(line, ' '))
  local place = day .. ' ' .. (type(length) == 'number' and ms(length - 1) or '-')
  -- Before it is counted: whatever goes wrong from here on, it is not counted a second time.
  redis.call('HSET', key, 'entry', place)
  redis.call('PEXPIRE', KEYS[3], ends)
  count('n', group, '1')
  for last = #amount, 1, -9 do
    local limb = tonumber(string.sub(amount, math.max(1, last - 8), last))
    if limb > 0 then count(ms((#amount - last) / 9), group, ms(limb)) end
  end
  redis.call('PEXPIRE', KEYS[4], ends)
  redis.call('ZADD', KEYS[5], ms(now), place)
  redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', ms(now - ARGV[12] - ${DAY_MS}))
  redis.call('PEXPIRE', KEYS[5], ends)
end
local function finish(place, state, spend)
  local index = string.match(place, ' (%d+)$')
  local line = index and redis.call('LINDEX', KEYS[3], index)
  local settled, own, rest = string.match(line or '', '^(%d+) 0 o (%S+) (.*)$')
  redis.pcall('ZREM', KEYS[5], place)
  -- Of a list that was lost the places were given anew.
  if own ~= spend then return end
  redis.call('LSET', KEYS[3], index, table.concat({settled, ms(now), state, own, rest}, ' '))
  count(state, string.match(rest, '^%S+ %S+ %S+ (.*)$'), '1')
end
-- Whatever is wrong with the ledger, the record goes on: what is not noted as delivered would be served again.
local function enter(key, ...)
  pcall(write, key, ...)
  return redis.call('HGET', key, 'entry')
end
local function close(...) pcall(finish, ...) end`;
