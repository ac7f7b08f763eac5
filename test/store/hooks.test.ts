/** What hooks remember, and the refunds: exact under concurrency, each in its own keyspace, nothing for ever. */
import { expect, it } from "vitest";
import type { Refund } from "../../src/core/refund.ts";
import { openAdmin } from "../../src/stores/admin.ts";
import { refundsKey } from "../../src/stores/refunds.ts";
import { openStores } from "../../src/stores/stores.ts";
import { describeBackends, postJson } from "../bridge/backends.ts";

const DAY = 86_400;
const TTL = { ttlSeconds: 60 };

const refundOf = (change: Partial<Refund> = {}): Refund => ({
  time: "2026-11-21T10:00:00.000Z",
  route: "GET /a",
  spend: "aa",
  payer: "0x1",
  network: "eip155:8453",
  asset: "0x2",
  amount: "10000",
  payTo: "0x3",
  transaction: "0x4",
  reason: "r",
  ...change,
});

describeBackends("hooks at the store", { strict: true }, (of) => {
  const at = () => ({ url: of.redis.url, token: of.redis.token, prefix: "test", timeoutMs: 2000 });
  const open = () =>
    openStores({ rateLimit: at(), verificationCache: at(), timeSession: at(), responseCache: at() });
  const command = async (...words: string[]) =>
    ((await postJson(of.redis, "/", words)) as { result: unknown }).result;

  it("a value comes back to the byte, under its own keyspace, until its time is up", async () => {
    const { hooks } = open();
    const value = `"\\ \r\n\u0000 ${"ß€😀".repeat(1000)}`;
    await hooks.set("a:b/c@d", value, TTL);
    expect(await hooks.get("a:b/c@d")).toBe(value);
    expect(await command("KEYS", "*")).toEqual(["test:hook:a:b/c@d"]);
    const left = Number(await command("TTL", "test:hook:a:b/c@d"));
    expect(left).toBeGreaterThan(50);
    expect(left).toBeLessThanOrEqual(60);
    expect([
      await hooks.delete("a:b/c@d"),
      await hooks.delete("a:b/c@d"),
      await hooks.get("a:b/c@d"),
    ]).toEqual([true, false, undefined]);
  });

  it("each is one request of one command", async () => {
    const { hooks } = open();
    await hooks.set("k", "1", TTL);
    await hooks.increment("k", 1, TTL);
    await hooks.get("k");
    await hooks.delete("k");
    expect([of.faults.requestCount, of.faults.commandCount]).toEqual([4, 4]);
  });

  it("additions from everywhere add up, and do not put off the end", async () => {
    const stores = [open(), open(), open()];
    await stores[0]?.hooks.increment("n", 0, { ttlSeconds: 100 });
    const adding = Array.from({ length: 60 }, (_, i) =>
      stores[i % 3]?.hooks.increment("n", 2, { ttlSeconds: 5000 }),
    );
    const sums = await Promise.all(adding);
    expect(new Set(sums).size).toBe(60);
    expect(await stores[1]?.hooks.increment("n", -120, TTL)).toBe(0);
    expect(Number(await command("TTL", "test:hook:n"))).toBeLessThanOrEqual(100);
    const most = Number.MAX_SAFE_INTEGER;
    expect(await stores[1]?.hooks.increment("most", most, TTL)).toBe(most);
    await expect(stores[1]?.hooks.increment("most", 1, TTL)).rejects.toThrow();
  });

  it.each(["", "a b", "a*", "k\n", "ä", "x".repeat(201)])(
    "the key %j is refused, and asks nobody",
    async (key) => {
      await expect(open().hooks.get(key)).rejects.toThrow(/a key is 1 to 200/);
      expect(of.faults.requestCount).toBe(0);
    },
  );

  it("values that are too long and times without an end are refused, and ask nobody", async () => {
    const { hooks } = open();
    await expect(hooks.set("k", "€".repeat(21_846), TTL)).rejects.toThrow(/65536 bytes/);
    await expect(hooks.set("k", 1 as never, TTL)).rejects.toThrow(/a value is a string/);
    await expect(hooks.increment("k", 0.5, TTL)).rejects.toThrow(/whole number/);
    for (const ttlSeconds of [0, -1, 1.5, 400 * DAY + 1, Number.NaN, "60" as never]) {
      await expect(hooks.set("k", "v", { ttlSeconds })).rejects.toThrow(/ttlSeconds/);
    }
    await expect(hooks.set("k", "v", undefined as never)).rejects.toThrow(/ttlSeconds/);
    expect(of.faults.requestCount).toBe(0);
    await hooks.set("k", "x".repeat(65_536), TTL);
  });

  it("a store that is away rejects with a code", async () => {
    of.faults.set("error-500");
    await expect(open().hooks.get("k")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("a payment has one refund, however many ask for it at once and after a lost reply", async () => {
    const stores = [open(), open(), open()];
    of.faults.set("drop-after", { times: 1 });
    await stores[0]?.refunds.record(refundOf({ reason: "first" })).catch(() => undefined);
    const asking = Array.from({ length: 30 }, (_, i) =>
      stores[i % 3]?.refunds.record(refundOf({ reason: `${i}` })),
    );
    expect((await Promise.all(asking)).filter(Boolean)).toEqual([]);
    const { spend, ...rest } = refundOf({ reason: "first" });
    const key = refundsKey("test", "2026-11");
    expect(await command("HGETALL", key)).toEqual([spend, JSON.stringify(rest)]);
    const left = Number(await command("TTL", key));
    expect(left).toBeGreaterThan(399 * DAY);
    expect(left).toBeLessThanOrEqual(400 * DAY);
  });

  it("not another one because a month has begun", async () => {
    const { refunds } = open();
    const [last, first] = ["2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z"];
    expect(await refunds.record(refundOf({ time: last }))).toBe(true);
    expect(await refunds.record(refundOf({ time: first }))).toBe(false);
    expect(await refunds.record(refundOf({ time: first, spend: "bb" }))).toBe(true);
    expect(await command("HKEYS", refundsKey("test", "2027-01"))).toEqual(["bb"]);
  });

  it("a long list is read to its end", async () => {
    const spends = Array.from({ length: 1500 }, (_, i) => `spend-${i}`);
    await command("HSET", refundsKey("test", "2026-11"), ...spends.flatMap((spend) => [spend, "{}"]));
    const fields = await openAdmin(at()).fields(refundsKey("test", "2026-11"));
    expect(Object.keys(fields).sort()).toEqual([...spends].sort());
  });
});
