/** A payment store in front of a harness, and what its tests need to look at a record from outside. */
import { expect } from "vitest";
import type { PaymentChange, PaymentStore } from "../../src/core/ports.ts";
import type { Receipt } from "../../src/core/x402.ts";
import { ask } from "../../src/stores/batch.ts";
import { paymentStore } from "../../src/stores/payments.ts";
import { connect } from "../../src/stores/redis.ts";
import { type Harness, postJson } from "../bridge/backends.ts";

export const SPEND = "spend-1";
const KEY = `test:verify:${SPEND}`;
const TTL_MS = 600_000;

/** Short enough to see it end, long enough for a few requests. */
export const SHORT_LEASE_MS = 50;
export const LONG_LEASE_MS = 60_000;

export const RECEIPT: Receipt = {
  success: true,
  transaction: `0x${"ab".repeat(32)}`,
  network: "eip155:84532",
  payer: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
};

type ClaimTerms = {
  spend?: string;
  fingerprint?: string;
  leaseMs?: number;
  ttlMs?: number;
  create?: boolean;
  identifier?: Parameters<PaymentStore["claim"]>[0]["identifier"];
};

/** The store of one isolate; each has its own idea of which scripts the server knows. */
export function storeOf({ redis: { url, token } }: Harness) {
  const run = connect({ url, token, prefix: "test", timeoutMs: 2000 });
  const store = paymentStore(run, { prefix: "test" });
  return {
    ...store,
    claimAs: (owner: string, terms: ClaimTerms = {}) =>
      ask(
        store.claim({
          spend: SPEND,
          fingerprint: "fp",
          owner,
          leaseMs: LONG_LEASE_MS,
          ttlMs: TTL_MS,
          create: true,
          ...terms,
        }),
      ),
    /** With the receipt, as the gateway sends it with every change once there is one. */
    changeAs: (owner: string, change: PaymentChange, receipt?: Receipt, leaseMs = LONG_LEASE_MS) =>
      store.change({ spend: SPEND, owner, leaseMs, receipt }, change),
  };
}

/** The record as it lies in Redis. */
export async function recordOf(of: Harness): Promise<Record<string, string>> {
  const { result } = (await postJson(of.redis, "/", ["HGETALL", KEY])) as { result: string[] };
  return Object.fromEntries(
    result.flatMap((field, i) => (i % 2 === 0 ? [[field, result[i + 1] ?? ""] as const] : [])),
  );
}

/** Every key in Redis with its remaining life, ms; -1 is forever. */
export async function livesOf(of: Harness): Promise<Record<string, number>> {
  const { result: keys } = (await postJson(of.redis, "/", ["KEYS", "*"])) as { result: string[] };
  const asks = keys.map((key) => ["PTTL", key]);
  const lives = (await postJson(of.redis, "/pipeline", asks)) as { result: number }[];
  return Object.fromEntries(keys.map((key, i) => [key, lives[i]?.result ?? Number.NaN]));
}

/** The server's clock, ms. */
export async function serverTime(of: Harness): Promise<number> {
  const { result } = (await postJson(of.redis, "/", ["TIME"])) as { result: [string, string] };
  return Number(result[0]) * 1000 + Math.floor(Number(result[1]) / 1000);
}

/** Resolves when the record's lease has ended by the server's own clock. */
export async function leaseEnds(of: Harness): Promise<void> {
  const { lease } = await recordOf(of);
  await expect
    .poll(() => serverTime(of), { interval: 5, timeout: 5000 })
    .toBeGreaterThanOrEqual(Number(lease));
}

/** Ends the record's lease at once, as if its time had passed. */
export async function endLease(of: Harness): Promise<void> {
  await postJson(of.redis, "/", ["HSET", KEY, "lease", "1"]);
}
