/** The refunds that are owed (`docs/storage.md`): `{prefix}:ledger:refunds:{yyyy-mm}`, one hash for each month. */
import type { Refund, RefundLedger } from "../core/refund.ts";
import type { RunScripts } from "../core/stores.ts";

/** Long enough for the books of a year, ms. */
const KEPT_MS = 400 * 86_400_000;

/**
 * KEYS: the month's refunds, the month's before. ARGV: spend, the refund, lifetime ms. 1, or 0 when the payment has one:
 * also from just before the month began.
 */
const RECORD = `#!lua flags=allow-key-locking
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return '0' end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return '0' end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return '1'`;

/** The key of a month's refunds; `yyyy-mm`, UTC. */
export function refundsKey(prefix: string, month: string): string {
  return `${prefix}:ledger:refunds:${month}`;
}

/** The ledger behind a connection. */
export function refundLedger(run: RunScripts, prefix: string): RefundLedger {
  return {
    async record(refund) {
      const month = refund.time.slice(0, 7);
      const keys = [month, monthBefore(month)].map((name) => refundsKey(prefix, name));
      const { spend, ...rest }: Refund = refund;
      const args = [spend, JSON.stringify(rest), String(KEPT_MS)];
      const [recorded] = await run([{ script: RECORD, keys, args }]);
      return Number(recorded) === 1;
    },
  };
}

function monthBefore(month: string): string {
  const first = new Date(`${month}-01T00:00:00Z`);
  first.setUTCMonth(first.getUTCMonth() - 1);
  return first.toISOString().slice(0, 7);
}
