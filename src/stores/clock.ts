/** Beginning of the scripts: the store's clock, and numbers as text that no number format rounds. */
export const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function ms(x) return string.format('%.0f', x) end`;
