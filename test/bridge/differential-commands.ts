export type Commands = string[][];

const words = (text: string): Commands =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(" "));

/**
 * Known differences, left out on purpose: the embedded Redis finds a malformed value (`SET k v EX 0`) when the
 * command is queued, so a transaction is discarded where Redis runs the rest; it takes "" for the number 0; and
 * numbers given to `redis.call` keep 14 digits.
 */

/** What the gateway's stores and limiters use, with its errors and edges. */
export const GROUPS: Record<string, Commands> = {
  strings: words(`SET k v
    set k w nx
    set k w xx ex 100
    ttl k
    set k x get
    set k y px 5000 nx get
    getdel k
    getex none
    set p q px 100000
    persist p
    pttl p
    pttl none
    append p tail
    strlen p
    setrange p 2 zz
    getrange p 0 -2
    mset a 1 b 2
    mget a none b
    exists a a none
    del a none
    type b`),
  counters: words(`incr n
    incrby n 41
    decr n
    set big 9223372036854775806
    incr big
    incr big
    set text abc
    incr text
    incrbyfloat n 0.5
    hincrby h f 5
    hincrby h f -9`),
  expiry: words(`set k v
    expire k 100 gt
    expire k 100 nx
    expire k 50 gt
    expire k 50 lt
    ttl k
    expireat k 1
    get k
    expire none 5`),
  hashes: words(`hset h a 1 b 2
    hset h a 3 c 4
    hgetall h
    hmget h a none b
    hsetnx h a 9
    hdel h b none
    hlen h
    hexists h a
    hget none x
    hgetall none
    lpush h x`),
  sets: words(`zadd z 1 a 2 b 3 c
    zadd z nx 5 a
    zadd z gt ch 5 a 1 b
    zadd z incr 2 c
    zrange z 0 -1 withscores
    zrangebyscore z (1 +inf limit 0 2
    zremrangebyscore z -inf 2
    zcard z
    zscore z none
    zincrby z 1.5 a
    zpopmin z
    sadd s m
    sadd s m
    sismember s m
    srem s m none
    smembers s`),
  lists: words(`rpush l a b c
    lpush l z
    lrange l 0 -1
    ltrim l 1 2
    lpop l 2
    lpop l
    lpop l 5
    llen l`),
  streams: words(`xadd s 1-1 f v
    xadd s 1-1 f v
    xadd s 2-* f w
    xlen s
    xrange s - +
    xtrim s maxlen 1
    xread count 5 streams s 0`),
  mistakes: words(`get
    set k y ex 0
    pexpire none x
    hincrby h f x
    incrby n 1.5
    set k
    nosuchcommand x
    hset h a
    expire k
    evalsha abc 0
    script exists abc`),
};

const LUA: string[][] = [
  ["return {1, 'two', {3.9, false, true}, nil, 5}"],
  ["return redis.status_reply('FINE')"],
  ["return redis.error_reply('CODE text')"],
  ["return redis.pcall('nosuchcommand')"],
  ["return redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', 60000)", "k", "v"],
  ["return redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', 60000)", "k", "v"],
  ["return {redis.call('get', KEYS[1]), redis.call('pttl', KEYS[1]) > 50000}", "k"],
  ["return redis.call('get', KEYS[1]) == false", "none"],
  ["return redis.call('hgetall', KEYS[1])", "none"],
  ["return {cjson.encode({a = 1, b = {1, 2}}), cjson.decode('[1,\"x\",null]')[2]}"],
  ["return cmsgpack.unpack(cmsgpack.pack('x'))"],
  ["return {tonumber(ARGV[1]) + 1, tostring(10 / 2), tostring(1700000000123), math.floor(-1.5)}", "k", "41"],
  ["redis.call('incrby', KEYS[1], 1700000000123) return redis.call('get', KEYS[1])", "t"],
  ["return string.format('%.0f', 9007199254740992)"],
  ["local sum = 0 for _, v in ipairs(ARGV) do sum = sum + v end return sum", "k", "3"],
  ["return redis.sha1hex('')"],
  ["return #KEYS .. ':' .. #ARGV", "k", "a"],
  ["redis.call('lpush', KEYS[1], 'x') return 1", "k"],
];

export const LUA_COMMANDS: Commands = LUA.map(([script = "", key, ...args]) =>
  key === undefined ? ["EVAL", script, "0"] : ["EVAL", script, "1", key, ...args],
);
