/** Who may write a payment's record: one at a time, with nothing lost when a reply or a write is. */
import { describe, expect, it } from "vitest";
import { describeBackends } from "../bridge/backends.ts";
import { leaseEnds, RECEIPT, recordOf, SHORT_LEASE_MS, serverTime, storeOf } from "./payment-record.ts";

const OTHER_RECEIPT = { ...RECEIPT, transaction: `0x${"cd".repeat(32)}` };
const CHANGES = [
  { to: "settled" },
  { to: "failed", reason: "late" },
  { to: "unknown", reason: "late", transaction: "" },
  { to: "renewed" },
  { to: "delivered" },
  { to: "abandoned" },
  { to: "broken" },
] as const;

describeBackends("the right to write a record", { strict: true }, (of) => {
  const isolates = () => Array.from({ length: 50 }, (_, i) => storeOf(of).claimAs(`isolate-${i}`));

  it("fifty isolates at once: one has it, forty-nine are busy", async () => {
    const kinds = (await Promise.all(isolates())).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "claimed")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "busy")).toHaveLength(49);
    expect((await recordOf(of)).owner).toBe(`isolate-${kinds.indexOf("claimed")}`);
  });

  it("fifty isolates at once on a settled record nobody holds: one collects it", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "abandoned" }, RECEIPT);
    const kinds = (await Promise.all(isolates())).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "paid")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "busy")).toHaveLength(49);
  });

  it("a claim whose reply was lost is still its owner's when asked again, and nobody else's", async () => {
    const store = storeOf(of);
    of.faults.set("drop-after", { times: 1 });
    await expect(store.claimAs("A")).rejects.toMatchObject({ code: "store_unavailable" });
    const before = await recordOf(of);
    expect(await store.claimAs("B")).toMatchObject({ kind: "busy" });
    expect(await store.claimAs("A")).toMatchObject({ kind: "claimed" });
    expect(await recordOf(of)).toEqual(before);
  });

  it("a claim whose reply was lost can be given back unheard", async () => {
    const store = storeOf(of);
    of.faults.set("drop-after", { times: 1 });
    await expect(store.claimAs("A")).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.changeAs("A", { to: "abandoned" })).toBe(true);
    expect(await store.claimAs("B")).toMatchObject({ kind: "claimed" });
  });

  it("a collection whose reply was lost is still its owner's when asked again", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "abandoned" }, RECEIPT);
    of.faults.set("drop-after", { times: 1 });
    await expect(store.claimAs("B")).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.claimAs("C")).toMatchObject({ kind: "busy" });
    expect(await store.claimAs("B")).toEqual({ kind: "paid", receipt: RECEIPT });
  });

  it.each([
    [{ to: "settled" }, RECEIPT, "settled"],
    [{ to: "delivered" }, RECEIPT, "settled"],
    [{ to: "failed", reason: "r" }, undefined, "failed"],
    [{ to: "unknown", reason: "r", transaction: "" }, undefined, "unknown"],
  ] as const)("$0.to whose reply was lost is accepted again", async (change, receipt, state) => {
    const store = storeOf(of);
    await store.claimAs("A");
    of.faults.set("drop-after", { times: 1 });
    await expect(store.changeAs("A", change, receipt)).rejects.toMatchObject({ code: "store_unavailable" });
    const { lease: _, ...before } = await recordOf(of);
    expect(before.state).toBe(state);
    expect(await store.changeAs("A", change, receipt)).toBe(true);
    expect(await recordOf(of)).toMatchObject(before);
  });

  it.each(["delivered", "abandoned", "broken", "renewed"] as const)(
    "a lost settled write loses nothing: the receipt comes with %s",
    async (to) => {
      const store = storeOf(of);
      await store.claimAs("A");
      of.faults.set("drop-before", { times: 1 });
      await expect(store.changeAs("A", { to: "settled" }, RECEIPT)).rejects.toThrow();
      expect(await store.changeAs("A", { to }, RECEIPT)).toBe(true);
      expect(await recordOf(of)).toMatchObject({ state: "settled", receipt: JSON.stringify(RECEIPT) });
    },
  );

  describe("an owner whose lease ran out and whose record another has taken over cannot write", () => {
    it.each(CHANGES)("$to", async (change) => {
      const store = storeOf(of);
      await store.claimAs("A");
      await store.changeAs("A", { to: "settled" }, RECEIPT, SHORT_LEASE_MS);
      await leaseEnds(of);
      expect(await store.claimAs("B")).toMatchObject({ kind: "paid" });
      const before = await recordOf(of);
      expect(await store.changeAs("A", change, OTHER_RECEIPT)).toBe(false);
      expect(await recordOf(of)).toEqual(before);
    });
  });

  describe("somebody who never held the claim cannot write", () => {
    it.each(CHANGES)("$to", async (change) => {
      const store = storeOf(of);
      await store.claimAs("A");
      const before = await recordOf(of);
      expect(await store.changeAs("B", change)).toBe(false);
      expect(await recordOf(of)).toEqual(before);
    });

    it.each(CHANGES)(
      "$to with a receipt: the money moved, whoever says so, and nothing else changes",
      async (change) => {
        const store = storeOf(of);
        await store.claimAs("A");
        const before = await recordOf(of);
        expect(await store.changeAs("B", change, RECEIPT)).toBe(false);
        expect(await recordOf(of)).toEqual({ ...before, state: "settled", receipt: JSON.stringify(RECEIPT) });
      },
    );
  });

  it("an owner whose lease ran out, with nobody after it, can still say that the money moved", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { leaseMs: SHORT_LEASE_MS });
    await leaseEnds(of);
    expect(await store.changeAs("A", { to: "abandoned" }, RECEIPT)).toBe(true);
    expect(await store.claimAs("B")).toEqual({ kind: "paid", receipt: RECEIPT });
  });

  it("what is unknown can become settled by its owner: the money did move after all", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "unknown", reason: "r", transaction: "" });
    expect(await store.changeAs("A", { to: "settled" }, RECEIPT)).toBe(true);
    expect(await recordOf(of)).toMatchObject({ state: "settled", receipt: JSON.stringify(RECEIPT) });
  });

  it("what is unknown cannot be given back as unspent", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "unknown", reason: "r", transaction: "" });
    for (const to of ["abandoned", "broken"] as const) await store.changeAs("A", { to });
    expect(await store.claimAs("B")).toEqual({ kind: "doubt", since: expect.any(Number) });
  });

  it("what settled never becomes failed, unknown, unspent or another's, not even by its owner", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "settled" }, RECEIPT);
    for (const change of CHANGES) {
      for (const receipt of [undefined, OTHER_RECEIPT]) {
        await store.changeAs("A", change, receipt);
        expect(await recordOf(of)).toMatchObject({ state: "settled", receipt: JSON.stringify(RECEIPT) });
      }
    }
    expect(await store.changeAs("A", { to: "failed", reason: "r" })).toBe(false);
    expect(await store.changeAs("A", { to: "unknown", reason: "r", transaction: "" })).toBe(false);
  });

  it("what failed never becomes settled, delivered or claimable again", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", { to: "failed", reason: "r" });
    expect(await store.changeAs("A", { to: "settled" }, RECEIPT)).toBe(false);
    for (const to of ["abandoned", "broken", "delivered"] as const) await store.changeAs("A", { to });
    expect(await store.claimAs("B")).toEqual({ kind: "failed", reason: "r" });
  });

  it("nothing is delivered that was not settled", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    expect(await store.changeAs("A", { to: "delivered" })).toBe(false);
    expect(await recordOf(of)).not.toHaveProperty("done");
  });

  it("a lease is renewed from now on, by the server's clock, and keeps others out for longer", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { leaseMs: SHORT_LEASE_MS });
    const { lease: first } = await recordOf(of);
    const before = await serverTime(of);
    expect(await store.changeAs("A", { to: "renewed" }, undefined, 30_000)).toBe(true);
    expect(Number((await recordOf(of)).lease)).toBeGreaterThanOrEqual(before + 30_000);
    await expect.poll(() => serverTime(of), { interval: 5 }).toBeGreaterThan(Number(first));
    expect(await store.claimAs("B")).toMatchObject({ kind: "busy" });
  });
});
