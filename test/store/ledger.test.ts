/** The ledger says what the payments' records say: each receipt once, whoever wrote it, however often and when. */
import { expect, it } from "vitest";
import type { PaymentChange } from "../../src/core/ports.ts";
import type { Receipt } from "../../src/core/x402.ts";
import { ask } from "../../src/stores/batch.ts";
import { openLedger } from "../../src/stores/ledger.ts";
import { dayName, openBook } from "../../src/stores/ledger-keys.ts";
import { paymentStore } from "../../src/stores/payments.ts";
import { connect } from "../../src/stores/redis.ts";
import { describeBackends, type Harness, postJson } from "../bridge/backends.ts";
import { livesOf, RECEIPT, serverTime } from "./payment-record.ts";

const DAY_MS = 86_400_000;
const KEPT_MS = 90 * DAY_MS;
const LEASE_MS = 60_000;
const SOLD = { route: "GET /data/:id", symbol: "USDC", decimals: 6 };
const ASSET = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const REQUIREMENTS = {
  scheme: "exact",
  network: "eip155:84532",
  asset: ASSET,
  amount: "10000",
  payTo: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  maxTimeoutSeconds: 60,
};
const SCHEME = { transaction: "AAAA" };

type Options = { book?: boolean; sold?: typeof SOLD | undefined; amount?: string };

/** An instance; `book: false` is one that keeps no ledger, as versions before it. */
function instance(of: Harness, { book = true, ...claiming }: Options = {}) {
  const { url, token } = of.redis;
  const run = connect({ url, token, prefix: "test", timeoutMs: 2000 });
  const entered = book ? openBook("test", "secret", KEPT_MS) : undefined;
  const store = paymentStore(run, { prefix: "test", book: entered });
  const { sold = SOLD, amount = "10000" } = claiming;
  return {
    store,
    ledger: openLedger(run, "test"),
    claim: (spend: string, owner: string, leaseMs = LEASE_MS) =>
      ask(
        store.claim({
          spend,
          owner,
          leaseMs,
          fingerprint: "fp",
          ttlMs: 600_000,
          create: true,
          payment: { scheme: SCHEME, requirements: { ...REQUIREMENTS, amount } },
          sold: "sold" in claiming ? claiming.sold : sold,
        }),
      ),
    change: (spend: string, owner: string, change: PaymentChange, receipt?: Receipt) =>
      store.change({ spend, owner, leaseMs: LEASE_MS, receipt }, change),
  };
}

const redis = (of: Harness, ...words: string[]) =>
  postJson(of.redis, "/", words) as Promise<{ result: unknown }>;
const today = async (of: Harness) => dayName(Math.floor((await serverTime(of)) / DAY_MS));

async function entriesOf(of: Harness, day?: string) {
  return (await instance(of).ledger.page({ day: day ?? (await today(of)), limit: 1000 })).entries;
}

describeBackends("the ledger", { strict: true }, (of) => {
  it("a payment is entered when it is settled, and no sooner, with all that books need", async () => {
    const { claim, change, ledger } = instance(of);
    await claim("a1", "A");
    await change("a1", "A", { to: "renewed" });
    expect(await entriesOf(of)).toEqual([]);
    const before = await serverTime(of);
    await change("a1", "A", { to: "settled" }, RECEIPT);
    const [entry] = await entriesOf(of);
    expect(entry).toEqual({
      day: await today(of),
      index: 0,
      settledAt: expect.any(Number),
      endedAt: undefined,
      status: "owed",
      spend: "a1",
      payer: expect.stringMatching(/^[0-9a-f]{32}$/),
      transaction: RECEIPT.transaction,
      amount: 10000n,
      network: "eip155:84532",
      asset: ASSET,
      decimals: 6,
      symbol: "USDC",
      route: "GET /data/:id",
    });
    expect(entry?.settledAt).toBeGreaterThanOrEqual(before);
    expect((await ledger.owed(10)).entries).toEqual([entry]);
    await change("a1", "A", { to: "delivered" }, RECEIPT);
    expect(await entriesOf(of)).toEqual([{ ...entry, status: "delivered", endedAt: expect.any(Number) }]);
    expect(await ledger.owed(10)).toEqual({ entries: [], total: 0 });
  });

  it("a refund that is recorded in the month of the settlement or the next is told of a receipt and of a debt", async () => {
    const { claim, change, ledger } = instance(of);
    for (const spend of ["a1", "b2", "c3"]) {
      await claim(spend, "A");
      await change(spend, "A", { to: "settled" }, RECEIPT);
    }
    const [year = 0, month = 1] = (await today(of)).split("-").map(Number);
    for (const [spend, later] of [
      ["a1", 0],
      ["c3", 1],
    ] as const) {
      const name = new Date(Date.UTC(year, month - 1 + later)).toISOString().slice(0, 7);
      await redis(of, "HSET", `test:ledger:refunds:${name}`, spend, "{}");
    }
    of.faults.resetCounters();
    const told = [
      ["a1", "refund"],
      ["b2", "owed"],
      ["c3", "refund"],
    ];
    const { entries } = await ledger.page({ day: await today(of), limit: 10 });
    expect(entries.map(({ spend, status }) => [spend, status]).reverse()).toEqual(told);
    const owed = await ledger.owed(10);
    expect(owed.entries.map(({ spend, status }) => [spend, status]).sort()).toEqual(told);
    // The time, the page, and for debts where they are and what they are.
    expect(of.faults.requestCount).toBe(4);
  });

  it("what is written again, by whomever, is one receipt", async () => {
    const { claim, change, ledger } = instance(of);
    await claim("a1", "A");
    for (const to of ["settled", "settled", "renewed", "delivered", "delivered", "settled"] as const)
      await change("a1", "A", { to }, RECEIPT);
    expect(await change("a1", "B", { to: "delivered" }, RECEIPT)).toBe(false);
    const day = await today(of);
    expect(await ledger.sums(day, day)).toMatchObject([
      { receipts: 1, delivered: 1, broken: 0, amount: 10000n, route: "GET /data/:id" },
    ]);
    expect(await entriesOf(of)).toHaveLength(1);
  });

  it("a settlement whose note was lost is entered with the next word, delivered at once", async () => {
    const { claim, change } = instance(of);
    await claim("a1", "A");
    expect(await change("a1", "A", { to: "delivered" }, RECEIPT)).toBe(true);
    expect(await entriesOf(of)).toMatchObject([{ status: "delivered", amount: 10000n }]);
  });

  it("a stale owner's receipt is entered, because it settles the record; its refused word on the answer is not", async () => {
    const { claim, change } = instance(of);
    await claim("a1", "A", 1);
    await expect.poll(async () => (await claim("a1", "B")).kind).toBe("doubt");
    expect(await change("a1", "A", { to: "delivered" }, RECEIPT)).toBe(false);
    expect(await entriesOf(of)).toMatchObject([{ status: "owed" }]);
  });

  it("an answer that broke off too often is used up, not delivered", async () => {
    const { claim, change, ledger } = instance(of);
    for (const owner of ["A", "B", "C"]) {
      await claim("a1", owner);
      await change("a1", owner, { to: "broken" }, RECEIPT);
    }
    expect(await entriesOf(of)).toMatchObject([{ status: "broken", endedAt: expect.any(Number) }]);
    const day = await today(of);
    expect(await ledger.sums(day, day)).toMatchObject([{ receipts: 1, delivered: 0, broken: 1 }]);
  });

  it("what was let go, failed or is in doubt is no revenue", async () => {
    const { claim, change, ledger } = instance(of);
    await claim("a1", "A");
    await change("a1", "A", { to: "abandoned" });
    await claim("a2", "A");
    await change("a2", "A", { to: "failed", reason: "expired" });
    await claim("a3", "A");
    await change("a3", "A", { to: "unknown", reason: "timeout", transaction: "" });
    expect(await entriesOf(of)).toEqual([]);
    expect(await ledger.doubts(10)).toEqual([
      { spend: "a3", since: expect.any(Number), reason: "timeout", route: "GET /data/:id" },
    ]);
  });

  it("what was charged of an upto payment is its amount, and nothing is nothing", async () => {
    const { claim, change } = instance(of);
    for (const [spend, amount] of [
      ["a1", "37"],
      ["a2", "0"],
    ] as const) {
      await claim(spend, "A");
      await change(
        spend,
        "A",
        { to: "settled" },
        { ...RECEIPT, amount, transaction: amount === "0" ? "" : "0xab" },
      );
    }
    expect(await entriesOf(of)).toMatchObject([
      { amount: 0n, transaction: "" },
      { amount: 37n, transaction: "0xab" },
    ]);
  });

  it("what was served before it was charged is not owed, whoever dies before the last word", async () => {
    const { claim, change, ledger } = instance(of);
    await claim("a1", "A");
    await change("a1", "A", { to: "due", amount: "37" });
    await change("a1", "A", { to: "settled" }, { ...RECEIPT, amount: "37" });
    expect(await entriesOf(of)).toMatchObject([{ status: "delivered", amount: 37n }]);
    // The note of what is due comes late.
    await claim("a2", "A");
    await change("a2", "A", { to: "settled" }, RECEIPT);
    await change("a2", "A", { to: "due", amount: "37" }, RECEIPT);
    expect((await ledger.owed(5)).total).toBe(0);
    await change("a2", "A", { to: "delivered" }, RECEIPT);
    const day = await today(of);
    expect(await ledger.sums(day, day)).toMatchObject([{ receipts: 2, delivered: 2 }]);
  });

  it("sums are exact beyond 64 bits", async () => {
    const most = 2n ** 256n - 1n;
    const { claim, change, ledger } = instance(of, { amount: String(most) });
    for (const spend of ["a1", "a2", "a3"]) {
      await claim(spend, "A");
      await change(spend, "A", { to: "settled" }, RECEIPT);
    }
    const day = await today(of);
    expect(await ledger.sums(day, day)).toMatchObject([{ receipts: 3, amount: 3n * most }]);
  });

  it("a payment stays in the day of its settlement, and whoever delivers it later finds it there", async () => {
    const { claim, change, ledger } = instance(of);
    await claim("a1", "A");
    await change("a1", "A", { to: "settled" }, RECEIPT);
    // As if that had been two days ago.
    const now = Math.floor((await serverTime(of)) / DAY_MS);
    const [then, day] = [dayName(now - 2), dayName(now)];
    for (const part of ["", ":sums"])
      await redis(of, "RENAME", `test:ledger:${day}${part}`, `test:ledger:${then}${part}`);
    await redis(of, "HSET", "test:verify:a1", "entry", `${now - 2} 0`);
    await redis(of, "DEL", "test:ledger:owed");
    await redis(of, "ZADD", "test:ledger:owed", "1", `${now - 2} 0`);
    expect((await ledger.owed(5)).entries).toMatchObject([{ day: then, spend: "a1" }]);
    expect(await change("a1", "A", { to: "delivered" }, RECEIPT)).toBe(true);
    expect(await entriesOf(of, then)).toMatchObject([{ status: "delivered", spend: "a1" }]);
    expect(await entriesOf(of, day)).toEqual([]);
    expect(await ledger.sums(then, day)).toMatchObject([{ day: then, delivered: 1 }]);
    expect((await ledger.owed(5)).total).toBe(0);
  });

  it("an instance whose clock has another day enters by the store's", async () => {
    const run = connect({ ...of.redis, prefix: "test", timeoutMs: 2000 });
    const real = openBook("test", "secret", KEPT_MS);
    const book = { on: (receipt: Receipt | undefined, day = 19_000) => real.on(receipt, day) };
    const store = paymentStore(run, { prefix: "test", book });
    await instance(of).claim("a1", "A");
    const by = { spend: "a1", owner: "A", leaseMs: LEASE_MS, receipt: RECEIPT };
    expect(await store.change(by, { to: "delivered" })).toBe(true);
    expect(await entriesOf(of)).toMatchObject([{ spend: "a1", status: "delivered" }]);
    expect(Object.keys(await livesOf(of)).filter((key) => key.includes(dayName(19_000)))).toEqual([]);
  });

  it("claimed by a version without a ledger and settled by this one: the amount is right, the route unknown", async () => {
    await instance(of, { sold: undefined }).claim("a1", "A");
    await redis(of, "HDEL", "test:verify:a1", "sold");
    await instance(of).change("a1", "A", { to: "delivered" }, RECEIPT);
    expect(await entriesOf(of)).toMatchObject([
      { route: "unknown", decimals: undefined, amount: 10000n, asset: ASSET, status: "delivered" },
    ]);
  });

  it("settled by a version without a ledger and delivered by this one: is entered all the same", async () => {
    const old = instance(of, { book: false });
    await old.claim("a1", "A");
    await old.change("a1", "A", { to: "settled" }, RECEIPT);
    expect(await entriesOf(of)).toEqual([]);
    await instance(of).change("a1", "A", { to: "delivered" }, RECEIPT);
    expect(await entriesOf(of)).toMatchObject([{ status: "delivered", route: "GET /data/:id" }]);
  });

  it("a record that says nothing of its payment does not keep it from being settled", async () => {
    const { claim, change } = instance(of);
    await claim("a1", "A");
    await redis(of, "HSET", "test:verify:a1", "pay", "{not json");
    expect(await change("a1", "A", { to: "delivered" }, RECEIPT)).toBe(true);
    expect(await entriesOf(of)).toMatchObject([{ status: "delivered", network: "-", amount: 0n }]);
  });

  it("a day's list that takes no more keeps no payment from being noted, and its sums are right", async () => {
    const { claim, change, ledger } = instance(of);
    const day = await today(of);
    // Refuses RPUSH as a list does that is as long as the store allows.
    await redis(of, "SET", `test:ledger:${day}`, "full");
    await claim("a1", "A");
    expect(await change("a1", "A", { to: "settled" }, RECEIPT)).toBe(true);
    expect(await change("a1", "A", { to: "delivered" }, RECEIPT)).toBe(true);
    expect((await redis(of, "HGET", "test:verify:a1", "done")).result).toBe("1");
    expect(await ledger.sums(day, day)).toMatchObject([{ receipts: 1, amount: 10000n }]);
  });

  it.each(["sums", "owed"])(
    "a ledger whose %s cannot be written keeps no payment from being noted as delivered",
    async (part) => {
      const { claim, change } = instance(of);
      const day = await today(of);
      await redis(of, "SET", part === "owed" ? "test:ledger:owed" : `test:ledger:${day}:sums`, "not ours");
      await claim("a1", "A");
      for (const to of ["settled", "renewed", "delivered"] as const)
        expect([to, await change("a1", "A", { to }, RECEIPT)]).toEqual([to, true]);
      // Else its answer would be owed for ever.
      expect((await claim("a1", "B")).kind).toBe("used");
      expect(await entriesOf(of)).toHaveLength(1);
    },
  );

  it("where a day's list was lost, what is delivered later is not told of the payment that has its place now", async () => {
    const { claim, change, ledger } = instance(of);
    const day = await today(of);
    await claim("a1", "A");
    await change("a1", "A", { to: "settled" }, RECEIPT);
    await redis(of, "DEL", `test:ledger:${day}`);
    await claim("a2", "A");
    await change("a2", "A", { to: "settled" }, RECEIPT);
    expect(await change("a1", "A", { to: "delivered" }, RECEIPT)).toBe(true);
    expect(await entriesOf(of)).toMatchObject([{ spend: "a2", status: "owed" }]);
    expect(await ledger.sums(day, day)).toMatchObject([{ receipts: 2, delivered: 0 }]);
  });

  it("what is owed and older than any receipt that is kept is not told for ever", async () => {
    const { claim, change, ledger } = instance(of);
    const longAgo = (await serverTime(of)) - KEPT_MS - 2 * DAY_MS;
    await redis(of, "ZADD", "test:ledger:owed", String(longAgo), `${Math.floor(longAgo / DAY_MS)} 0`);
    await claim("a1", "A");
    await change("a1", "A", { to: "settled" }, RECEIPT);
    expect(await ledger.owed(5)).toMatchObject({ total: 1, entries: [{ spend: "a1" }] });
  });

  it.each([0, 1])(
    "a refund that was recorded in the month of the settlement plus %i is told",
    async (later) => {
      const { claim, change } = instance(of);
      await claim("a1", "A");
      await change("a1", "A", { to: "settled" }, RECEIPT);
      const now = new Date(await serverTime(of));
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + later))
        .toISOString()
        .slice(0, 7);
      await redis(of, "HSET", `test:ledger:refunds:${month}`, "a1", "{}");
      expect(await entriesOf(of)).toMatchObject([{ spend: "a1", status: "refund" }]);
    },
  );

  it("everything of it ends with its retention, by the day's end", async () => {
    const { claim, change } = instance(of);
    await claim("a1", "A");
    await change("a1", "A", { to: "settled" }, RECEIPT);
    const left = DAY_MS - ((await serverTime(of)) % DAY_MS);
    const lives = Object.entries(await livesOf(of)).filter(([key]) => key.includes(":ledger:"));
    expect(lives).toHaveLength(3);
    for (const [, life] of lives) {
      expect(life).toBeGreaterThan(KEPT_MS + left - 10_000);
      expect(life).toBeLessThanOrEqual(KEPT_MS + left + 1000);
    }
  });

  it("pages are newest first, whole, and stay where they are while more is settled", async () => {
    const { claim, change, ledger } = instance(of);
    const settle = async (n: number) => {
      await claim(`a${n}`, "A");
      await change(`a${n}`, "A", { to: n % 2 ? "settled" : "delivered" }, RECEIPT);
    };
    for (let n = 0; n < 7; n += 1) await settle(n);
    const day = await today(of);
    const seen: string[] = [];
    let before: number | undefined;
    do {
      const page = await ledger.page({ day, before, limit: 3 });
      seen.push(...page.entries.map(({ spend }) => spend));
      before = page.before;
      if (seen.length === 3) await settle(7);
    } while (before !== undefined);
    expect(seen).toEqual(["a6", "a5", "a4", "a3", "a2", "a1", "a0"]);
    const owed = await ledger.page({ day, limit: 4, status: "owed" });
    expect(owed).toMatchObject({ total: 8, before: 4, entries: [{ spend: "a7" }, { spend: "a5" }] });
    expect(await ledger.page({ day: "2020-01-01", limit: 3 })).toEqual({
      entries: [],
      before: undefined,
      total: 0,
    });
  });
});
