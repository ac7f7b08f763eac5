/** `tollbooth refunds`, in front of a real store. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { listRefunds } from "../../src/cli/refunds.ts";
import { load } from "../../src/config/load.ts";
import type { Compiled } from "../../src/core/compiled.ts";
import type { Refund } from "../../src/core/refund.ts";
import { refundsKey } from "../../src/stores/refunds.ts";
import { openStores } from "../../src/stores/stores.ts";
import { postJson } from "../bridge/backends.ts";
import { valid } from "../config/valid.ts";

let redis: RunningRedis;
let compiled: Compiled;
beforeAll(async () => {
  redis = await startRedis({ strict: true });
  const stores = { redis: { url: redis.url, token: redis.token } };
  compiled = await load(() => ({ ...valid(), stores }), {});
});
beforeEach(() => postJson(redis, "/", ["FLUSHALL"]));
afterAll(() => redis?.close());

const REFUND: Refund = {
  time: "2026-11-21T10:00:00.000Z",
  route: "GET /weather",
  spend: "aa",
  payer: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  network: "eip155:8453",
  asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
  amount: "10000",
  payTo: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  transaction: `0x${"ab".repeat(32)}`,
  reason: "no answer",
};

it("lists a month's refunds, oldest first, with all that is needed to send them", async () => {
  const { refunds } = openStores(compiled.stores);
  const earlier = { ...REFUND, spend: "bb", time: "2026-11-02T00:00:00.000Z" };
  for (const refund of [REFUND, earlier, { ...REFUND, spend: "cc", time: "2026-10-31T23:59:59.999Z" }])
    await refunds.record(refund);
  expect(await listRefunds(compiled, "2026-11")).toEqual([earlier, REFUND]);
  expect(await listRefunds(compiled, "2026-09")).toEqual([]);
});

it("without a month it is this one", async () => {
  const refund = { ...REFUND, time: new Date().toISOString() };
  await openStores(compiled.stores).refunds.record(refund);
  expect(await listRefunds(compiled)).toEqual([refund]);
});

it.each(["2026", "2026-13", "2026-1", "11-2026", "*"])("%s is not a month", async (month) => {
  await expect(listRefunds(compiled, month)).rejects.toThrow(/is not a month/);
});

it("one that cannot be read is shown, not passed over", async () => {
  await postJson(redis, "/", ["HSET", refundsKey("tollbooth", "2026-11"), "aa", '{"amount":"5"}']);
  await expect(listRefunds(compiled, "2026-11")).rejects.toThrow(
    /payment aa cannot be read: \{"amount":"5"\}/,
  );
});

it("a store that is away, or none, is one sentence", async () => {
  const away = structuredClone(compiled.stores);
  if (away.verificationCache) away.verificationCache.url = "http://127.0.0.1:9";
  await expect(listRefunds({ ...compiled, stores: away }, "2026-11")).rejects.toThrow(/^The store: /);
  const none = { ...compiled.stores, verificationCache: undefined };
  await expect(listRefunds({ ...compiled, stores: none }, "2026-11")).rejects.toThrow(/has no store/);
});
