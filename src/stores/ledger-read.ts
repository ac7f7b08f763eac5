/** The scripts that read the ledger, and how their replies are read (`ledger-script.ts` has what they say). */
import * as z from "zod/mini";
import { GatewayError } from "../core/errors.ts";
import type { BookedAsset, Doubt, Entry, EntryStatus, Sum } from "../core/ledger.ts";
import { NOW } from "./clock.ts";

/** Says for each line whether its payment has a refund: 1, else 0. KEYS from the second on are months of refunds. */
const REFUNDED = `
local function refunded(lines)
  local flags = {}
  for i = 1, #lines do flags[i] = 0 end
  for k = 2, #KEYS do
    if redis.call('EXISTS', KEYS[k]) == 1 then
      for i, line in ipairs(lines) do
        local spend = string.match(line, '^%d+ %d+ %l (%S+)')
        if spend and redis.call('HEXISTS', KEYS[k], spend) == 1 then flags[i] = 1 end
      end
    end
  end
  return flags
end`;

/**
 * KEYS: a day's list, months of refunds. ARGV: first and last place. Returns how many there are in all, the lines, and which
 * of them have a refund.
 */
export const LINES = `#!lua flags=allow-key-locking${REFUNDED}
local lines = redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[2])
return {redis.call('LLEN', KEYS[1]), lines, refunded(lines)}`;

/** KEYS: as of `LINES`. ARGV: places. Returns how many were asked for, their lines, empty where there is none, and the same. */
export const PICK = `#!lua flags=allow-key-locking${REFUNDED}
local lines = {}
for i, place in ipairs(ARGV) do lines[i] = redis.call('LINDEX', KEYS[1], place) or '' end
return {#lines, lines, refunded(lines)}`;

/** KEYS: a day's sums. Returns fields and values in turn. */
export const SUMS = `#!lua flags=allow-key-locking
return redis.call('HGETALL', KEYS[1])`;

/** KEYS: what is owed. ARGV: how many. Returns how many there are in all, and the oldest places. */
export const OWED = `#!lua flags=allow-key-locking
return {redis.call('ZCARD', KEYS[1]), redis.call('ZRANGE', KEYS[1], '0', ARGV[1] - 1)}`;

/** KEYS: a part of the index of pending payments. ARGV: how many. Returns payments, oldest first. */
export const PENDING = `#!lua flags=allow-key-locking
return redis.call('ZRANGE', KEYS[1], '0', ARGV[1] - 1)`;

/** KEYS: payment records. Returns for each that is in doubt its number, since when, why, and what was sold. */
export const DOUBTFUL = `#!lua flags=allow-key-locking
${NOW}
local found = {}
for i, key in ipairs(KEYS) do
  local r = redis.call('HMGET', key, 'state', 'lease', 'since', 'reason', 'sold')
  if r[1] == 'unknown' or (r[1] == 'claimed' and tonumber(r[2]) <= now) then
    found[#found + 1] = {ms(i), r[3], r[4] or '', r[5] or ''}
  end
end
return found`;

export const Counted = z.tuple([z.number(), z.array(z.string())]);
export const Lined = z.tuple([z.number(), z.array(z.string()), z.array(z.number())]);
export const Strings = z.array(z.string());
export const Doubts = z.array(z.tuple([z.string(), z.string(), z.string(), z.string()]));

const STATES: Record<string, EntryStatus> = { o: "owed", d: "delivered", b: "broken" };
const LINE = /^(\d+) (\d+) ([odb]) (\S+) (\S+) (\S+) (\d+) (\S+ \S+ \S+ \S+ .+)$/;
const GROUP = /^(\S+) (\S+) (\S+) (\S+) (.+)$/;
const FIELD = /^(n|d|b|\d+) (.+)$/;
/** Digits of one part of an amount. */
const PART_DIGITS = 9n;

/** A reply in this shape. @throws GatewayError `store_unavailable` */
export function read<T>(schema: z.ZodMiniType<T>, reply: unknown): T {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  throw unreadable("reply");
}

/** One receipt; `isRefund`: it is to be paid back. A line that cannot be read is money: it is not passed over. @throws GatewayError `store_unavailable` */
export function toEntry(line: string, day: string, index: number, isRefund = false): Entry {
  const [, settled, ended, state = "", spend = "", payer = "", transaction, amount = "", group = ""] =
    LINE.exec(line) ?? [];
  const status = STATES[state];
  if (!status) throw unreadable(`line ${index} of ${day}`);
  return {
    day,
    index,
    settledAt: Number(settled),
    endedAt: Number(ended) || undefined,
    status: isRefund ? "refund" : status,
    spend,
    payer,
    transaction: transaction === "-" ? "" : (transaction ?? ""),
    amount: BigInt(amount),
    ...toGroup(group),
  };
}

/** A day's sums, one for each route and token. @throws GatewayError `store_unavailable` */
export function toSums(fields: string[], day: string): Sum[] {
  const sums = new Map<string, Sum>();
  for (let i = 0; i < fields.length; i += 2) {
    const [, name = "", group = ""] = FIELD.exec(fields[i] ?? "") ?? [];
    if (group === "") throw unreadable(`sums of ${day}`);
    const none = { day, ...toGroup(group), receipts: 0, delivered: 0, broken: 0, amount: 0n };
    const sum = sums.get(group) ?? none;
    const value = fields[i + 1] ?? "";
    if (name === "n") sum.receipts = Number(value);
    else if (name === "d") sum.delivered = Number(value);
    else if (name === "b") sum.broken = Number(value);
    else sum.amount += BigInt(value) * 10n ** (PART_DIGITS * BigInt(name));
    sums.set(group, sum);
  }
  return [...sums.values()];
}

/** What is in doubt of these payments. */
export function toDoubts(reply: unknown, spends: string[]): Doubt[] {
  return read(Doubts, reply).map(([number, since, reason, sold]) => ({
    spend: spends[Number(number) - 1] ?? "",
    since: Number(since),
    reason,
    route: sold.split(" ").slice(2).join(" ") || "unknown",
  }));
}

function toGroup(text: string): BookedAsset & { route: string } {
  const [, network = "", asset = "", decimals = "", symbol = "", route = ""] = GROUP.exec(text) ?? [];
  return { network, asset, decimals: /^\d+$/.test(decimals) ? Number(decimals) : undefined, symbol, route };
}

function unreadable(what: string): GatewayError {
  return new GatewayError("store_unavailable", { cause: `unexpected ${what} of the ledger` });
}
