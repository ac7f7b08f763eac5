/**
 * One line of Lua put before a script in strict mode. Upstash locks only the declared keys and refuses the others,
 * while plain Redis lets a script touch anything: this makes Redis as strict, asking `COMMAND GETKEYS` which keys
 * each call inside the script would use. It stays on one line to keep the line numbers of the script.
 */
export const STRICT_PRELUDE = [
  "local redis = (function(redis, KEYS)",
  "local declared = {}",
  "for _, key in ipairs(KEYS) do declared[key] = true end",
  "local function undeclared(...)",
  "local keys = redis.pcall('COMMAND', 'GETKEYS', ...)",
  // A command without keys answers an error here; the call itself reports any other mistake.
  "if type(keys) ~= 'table' or keys.err then return nil end",
  "for _, key in ipairs(keys) do if not declared[key] then return key end end",
  "end",
  "local strict = {}",
  "for name, value in pairs(redis) do strict[name] = value end",
  "strict.call = function(...)",
  "local key = undeclared(...)",
  "if key then error('undeclared key in script: ' .. key, 2) end",
  "return redis.call(...)",
  "end",
  "strict.pcall = function(...)",
  "local key = undeclared(...)",
  "if key then return redis.error_reply('ERR undeclared key in script: ' .. key) end",
  "return redis.pcall(...)",
  "end",
  "return strict",
  "end)(redis, KEYS) ",
].join(" ");
