import type { Command } from "./resp.ts";

/** Upstash's limit for a key and for a member of a set or sorted set, in bytes. */
const MAX_KEY_BYTES = 32 * 1024;

// All callers share one connection: these would block it, take it over or change its state for everybody,
// or touch the server itself.
const DENIED = new Set(
  `SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR
   BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF
   MULTI EXEC DISCARD WATCH UNWATCH SELECT AUTH HELLO RESET QUIT CLIENT ASKING READONLY READWRITE
   SHUTDOWN DEBUG CONFIG REPLICAOF SLAVEOF SYNC PSYNC REPLCONF FAILOVER MIGRATE MODULE ACL CLUSTER
   SAVE BGSAVE BGREWRITEAOF SWAPDB`.split(/\s+/),
);

const EVERY_ARGUMENT_IS_A_KEY = new Set(
  "DEL UNLINK EXISTS TOUCH MGET SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE".split(" "),
);
const KEY_VALUE_PAIRS = new Set(["MSET", "MSETNX"]);
const KEY_AND_MEMBERS = new Set(["SADD", "SREM", "ZADD", "ZREM", "ZINCRBY"]);
const NUMBERED_KEYS = new Set(["EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO"]);
const NO_KEYS = new Set("PING ECHO SCRIPT FUNCTION SCAN PUBLISH COMMAND INFO TIME KEYS".split(" "));

/** Why the bridge will not pass this command on, as a Redis error text; `undefined` when it will. */
export function refuse(command: Command): string | undefined {
  const name = (command[0] ?? "").toUpperCase();
  if (name === "") return "ERR empty command";
  if (DENIED.has(name) || isBlockingRead(name, command) || isScriptDebug(name, command)) {
    return `ERR ${name} is not available over REST: all callers share one Redis connection`;
  }
  const long = limited(name, command).find((part) => Buffer.byteLength(part) > MAX_KEY_BYTES);
  if (long === undefined) return undefined;
  const size = Buffer.byteLength(long);
  return `ERR max key size exceeded. Limit: ${MAX_KEY_BYTES} bytes, Actual: ${size} bytes`;
}

function isBlockingRead(name: string, command: Command): boolean {
  if (name !== "XREAD" && name !== "XREADGROUP") return false;
  // GROUP <group> <consumer> comes first and may be called anything, STREAMS included.
  const words = command.slice(name === "XREADGROUP" ? 4 : 1).map((part) => part.toUpperCase());
  return words.slice(0, Math.max(words.indexOf("STREAMS"), 0)).includes("BLOCK");
}

function isScriptDebug(name: string, command: Command): boolean {
  return name === "SCRIPT" && command[1]?.toUpperCase() === "DEBUG";
}

function limited(name: string, command: Command): readonly string[] {
  const parts = command.slice(1);
  if (NO_KEYS.has(name)) return [];
  if (EVERY_ARGUMENT_IS_A_KEY.has(name) || KEY_AND_MEMBERS.has(name)) return parts;
  if (KEY_VALUE_PAIRS.has(name)) return parts.filter((_, index) => index % 2 === 0);
  if (NUMBERED_KEYS.has(name)) return parts.slice(2, 2 + (Number(parts[1]) || 0));
  return parts.slice(0, 1);
}
