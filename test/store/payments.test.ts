/** What the record of a payment answers, by the state it is in: over HTTP, through the bridge, on every Redis. */
import { expect, it } from "vitest";
import { describeBackends } from "../bridge/backends.ts";
import {
  endLease,
  LONG_LEASE_MS,
  leaseEnds,
  RECEIPT,
  recordOf,
  SHORT_LEASE_MS,
  serverTime,
  storeOf,
} from "./payment-record.ts";

describeBackends("a payment's record", { strict: true }, (of) => {
  it("absent: is claimed, under the caller's name, until its lease ends by the server's clock", async () => {
    const before = await serverTime(of);
    expect(await storeOf(of).claimAs("A")).toMatchObject({ kind: "claimed" });
    const { lease, exp, since, ...record } = await recordOf(of);
    expect(record).toEqual({ state: "claimed", fp: "fp", owner: "A", pay: "", call: "", sold: "" });
    expect(Number(lease)).toBeGreaterThanOrEqual(before + LONG_LEASE_MS);
    expect(Number(lease)).toBeLessThanOrEqual((await serverTime(of)) + LONG_LEASE_MS);
    expect(Number(exp)).toBeGreaterThan(Number(lease));
    expect(Number(since)).toBeGreaterThanOrEqual(before);
  });

  it("absent: a payment too late to settle is not claimed, and leaves nothing behind", async () => {
    expect(await storeOf(of).claimAs("A", { create: false })).toEqual({ kind: "absent" });
    expect(await recordOf(of)).toEqual({});
  });

  it("claimed, lease running: the same call is busy, and told how long at most", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    const before = await recordOf(of);
    const answer = await store.claimAs("B");
    const retryAfterMs = answer.kind === "busy" ? answer.retryAfterMs : Number.NaN;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(LONG_LEASE_MS);
    expect(await recordOf(of)).toEqual(before);
  });

  it("claimed, lease over: is taken over in doubt, one at a time, and never as if it were new", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { leaseMs: SHORT_LEASE_MS });
    await leaseEnds(of);
    expect(await store.claimAs("B", { create: false })).toEqual({ kind: "doubt", since: expect.any(Number) });
    expect(await recordOf(of)).toMatchObject({ state: "unknown", owner: "B" });
    expect(await store.claimAs("C")).toMatchObject({ kind: "busy" });
  });

  it("settled, lease running: the same call is busy until the answer is out", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    expect(await store.changeAs("A", { to: "settled" }, RECEIPT)).toBe(true);
    expect(await store.claimAs("B")).toMatchObject({ kind: "busy" });
  });

  it("settled, owner gone, lease over: the next one collects it with its receipt, one at a time", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "settled" }, RECEIPT, SHORT_LEASE_MS);
    await leaseEnds(of);
    expect(await store.claimAs("B")).toEqual({ kind: "paid", receipt: RECEIPT });
    expect(await store.claimAs("C")).toMatchObject({ kind: "busy" });
  });

  it.each(["abandoned", "broken"] as const)(
    "settled, then %s: can be collected at once, even when it is too late to settle",
    async (to) => {
      const store = storeOf(of);
      await store.claimAs("A");
      await store.changeAs("A", { to: "settled" }, RECEIPT);
      expect(await store.changeAs("A", { to }, RECEIPT)).toBe(true);
      expect(await store.claimAs("B", { create: false })).toEqual({ kind: "paid", receipt: RECEIPT });
    },
  );

  it("settled and delivered: is used, with its receipt, however often it comes back", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "settled" }, RECEIPT);
    expect(await store.changeAs("A", { to: "delivered" }, RECEIPT)).toBe(true);
    for (const owner of ["A", "B", "C"]) {
      expect(await store.claimAs(owner)).toEqual({ kind: "used", receipt: RECEIPT });
    }
  });

  it("broken off three times: is used, so that nobody can read an answer for ever in pieces", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "broken" }, RECEIPT);
    for (const owner of ["B", "C"]) {
      expect(await store.claimAs(owner)).toEqual({ kind: "paid", receipt: RECEIPT });
      expect(await store.changeAs(owner, { to: "broken" }, RECEIPT)).toBe(true);
    }
    expect(await store.claimAs("D")).toEqual({ kind: "used", receipt: RECEIPT });
  });

  it("failed: says why, and cannot be claimed again, not even by its owner", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    expect(await store.changeAs("A", { to: "failed", reason: "insufficient_funds" })).toBe(true);
    for (const owner of ["A", "B"]) {
      expect(await store.claimAs(owner)).toEqual({ kind: "failed", reason: "insufficient_funds" });
    }
  });

  it("unknown: is left alone for a moment, can then be taken over, and keeps what may tell", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    const change = { to: "unknown", reason: "settlement_pending", transaction: "0xabc" } as const;
    expect(await store.changeAs("A", change)).toBe(true);
    expect(await recordOf(of)).toMatchObject({ state: "unknown", reason: "settlement_pending", tx: "0xabc" });
    expect(await store.claimAs("B")).toMatchObject({ kind: "busy" });
    await endLease(of);
    expect(await store.claimAs("B")).toEqual({ kind: "doubt", since: expect.any(Number) });
    expect(await store.claimAs("C")).toMatchObject({ kind: "busy" });
    expect(await recordOf(of)).toMatchObject({ state: "unknown", tx: "0xabc" });
  });

  it.each([
    ["found settled", { to: "settled" }, RECEIPT, { kind: "busy" }],
    ["found failed", { to: "failed", reason: "r" }, undefined, { kind: "failed", reason: "r" }],
    [
      "still in doubt",
      { to: "unknown", reason: "r", transaction: "" },
      undefined,
      { kind: "doubt", since: expect.any(Number) },
    ],
    ["let go", { to: "abandoned" }, undefined, { kind: "doubt", since: expect.any(Number) }],
  ] as const)("unknown, taken over, and %s: says so to the next", async (_, change, receipt, next) => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "unknown", reason: "r", transaction: "" });
    await endLease(of);
    await store.claimAs("B");
    expect(await store.changeAs("B", change, receipt)).toBe(true);
    if (change.to === "unknown") await endLease(of);
    expect(await store.claimAs("C")).toMatchObject(next);
  });

  it.each(["abandoned", "broken"] as const)(
    "%s before settling: is gone, and another call may claim it",
    async (to) => {
      const store = storeOf(of);
      await store.claimAs("A");
      expect(await store.changeAs("A", { to })).toBe(true);
      expect(await recordOf(of)).toEqual({});
      expect(await store.claimAs("B", { fingerprint: "other" })).toMatchObject({ kind: "claimed" });
    },
  );

  it.each([
    ["claimed", []],
    ["settled", [{ to: "settled" }]],
    ["used", [{ to: "settled" }, { to: "delivered" }]],
    ["failed", [{ to: "failed", reason: "r" }]],
    ["unknown", [{ to: "unknown", reason: "r", transaction: "" }]],
  ] as const)("%s: another fingerprint is a conflict that changes nothing", async (name, changes) => {
    const store = storeOf(of);
    const receipt = name === "settled" || name === "used" ? RECEIPT : undefined;
    await store.claimAs("A");
    for (const change of changes) expect(await store.changeAs("A", change, receipt)).toBe(true);
    const before = await recordOf(of);
    // Nor does it help to come from the same isolate.
    for (const owner of ["A", "B"]) {
      expect(await store.claimAs(owner, { fingerprint: "other" })).toEqual({ kind: "conflict" });
    }
    expect(await recordOf(of)).toEqual(before);
  });

  it("records of two payments do not touch each other", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    expect(await store.claimAs("A", { spend: "spend-2" })).toMatchObject({ kind: "claimed" });
    const other = { spend: "spend-2", owner: "A", leaseMs: 1000, receipt: undefined };
    expect(await store.change(other, { to: "failed", reason: "r" })).toBe(true);
    expect(await recordOf(of)).toMatchObject({ state: "claimed" });
  });
});
