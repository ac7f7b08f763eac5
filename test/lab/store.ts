/** The store of a lab: a real Redis that can be stopped and started empty behind a bridge that stays, and looked into. */
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { findRedisServer } from "../../dev/redis-process.ts";
import { PERMIT2 } from "../../dev/token.ts";
import type { Intercept } from "../../src/bridge/intercept.ts";
import { startBridge } from "../../src/bridge/serve.ts";
import { hash } from "../../src/core/hash.ts";
import type { Entry } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/stores/ledger.ts";
import { connect as connectTo } from "../../src/stores/redis.ts";
import { postJson } from "../bridge/backends.ts";
import { decode } from "../fixtures/sign.ts";

type Sent = {
  accepted: { network: string; asset: string };
  payload: {
    authorization?: { from: string; nonce: string };
    permit2Authorization?: { from: string; nonce: string };
  };
};

/** A payment's record, as it lies in Redis; `{}` when there is none. */
export type PaymentRecord = Record<string, string>;

/** A store behind a bridge with this interceptor. */
export async function startStore(intercept: Intercept) {
  // A suite that empties its Redis must not find somebody else's at REDIS_URL.
  const prefer = findRedisServer() === undefined ? ("embedded" as const) : ("real" as const);
  let redis: RunningRedis = await startRedis({ prefer });
  const token = "lab";
  const connect = () => redis.backend.connect();
  const bridge = await startBridge({ connect, token, strict: true, intercept });
  const command = (...words: string[]) => postJson(redis, "/", words) as Promise<{ result: unknown }>;
  return {
    vars: { REDIS_URL: bridge.url, REDIS_TOKEN: token },
    command,
    async record(payment: string): Promise<PaymentRecord> {
      const { result } = (await command("HGETALL", await keyOf(payment))) as { result: string[] };
      return Object.fromEntries(
        result.flatMap((field, i) => (i % 2 === 0 ? [[field, result[i + 1] ?? ""]] : [])),
      );
    },
    /** Plays the passing of time: whatever lease the payment's record has is over. */
    async passLease(payment: string): Promise<void> {
      const over = "return redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HSET', KEYS[1], 'lease', '1')";
      await command("EVAL", over, "1", await keyOf(payment));
    },
    /** What the ledger has of the payment, or of all. */
    async receipts(payment?: string): Promise<Entry[]> {
      const { url, token } = redis;
      const ledger = openLedger(connectTo({ url, token, prefix: "test", timeoutMs: 2000 }), "test");
      const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
      const spend = payment && (await keyOf(payment)).split(":").at(-1);
      const entries: Entry[] = [];
      for await (const portion of ledger.all(day(1), day(0))) entries.push(...portion);
      return entries.filter((entry) => spend === undefined || entry.spend === spend);
    },
    /** Ends the Redis, with all it knew; the bridge stays. */
    stop: () => redis.close(),
    /** Starts an empty one. */
    async start(): Promise<void> {
      redis = await startRedis({ prefer });
    },
    async close(): Promise<void> {
      await bridge.close();
      await redis.close();
    },
  };
}

/** docs/storage.md: the record is of what the chain lets spend once. */
export async function keyOf(payment: string, prefix = "test"): Promise<string> {
  const { accepted, payload } = decode(payment) as Sent;
  const { authorization, permit2Authorization } = payload;
  const { from = "", nonce = "" } = permit2Authorization ?? authorization ?? {};
  const contract = permit2Authorization ? PERMIT2 : accepted.asset;
  const spend = [accepted.network, contract, from, nonce].map((part) => part.toLowerCase());
  return `${prefix}:verify:${await hash(...spend)}`;
}
