/** What is still to be charged for what was served, in a payment's record: it buys nothing more, under no name. */
import { expect, it } from "vitest";
import { describeBackends } from "../bridge/backends.ts";
import { endLease, LONG_LEASE_MS, RECEIPT, recordOf, SPEND, storeOf } from "./payment-record.ts";

const DUE = { to: "due", amount: "1234" } as const;
const IDENTIFIER = { name: "name", call: "call" };
const BY = { spend: SPEND, leaseMs: LONG_LEASE_MS, receipt: undefined };

describeBackends("what is due", { strict: true }, (of) => {
  it("is told to whoever takes the payment over, and is still told when that one could not charge it", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    expect(await store.changeAs("A", DUE)).toBe(true);
    for (const owner of ["B", "C"]) {
      await endLease(of);
      expect(await store.claimAs(owner)).toMatchObject({ kind: "doubt", due: "1234" });
      await store.changeAs(owner, { to: "unknown", reason: "no", transaction: "" });
    }
  });

  it("is not forgotten by an owner that lets go: it was served", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await store.changeAs("A", DUE);
    await store.changeAs("A", { to: "abandoned" });
    expect(await store.claimAs("B")).toMatchObject({ kind: "doubt", due: "1234" });
  });

  it("is not noted by an owner that has lost the payment", async () => {
    const store = storeOf(of);
    await store.claimAs("A");
    await endLease(of);
    await store.claimAs("B");
    expect(await store.changeAs("A", DUE)).toBe(false);
    expect(await recordOf(of)).not.toHaveProperty("due");
  });

  it("once charged is the end of it, though nobody has noted that it was delivered", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { identifier: IDENTIFIER });
    await store.changeAs("A", DUE);
    await store.changeAs("A", { to: "settled" }, RECEIPT);
    await endLease(of);
    expect(await store.claimAs("B", { identifier: IDENTIFIER })).toEqual({ kind: "used", receipt: RECEIPT });
    const twin = { spend: "spend-2", fingerprint: "fp-2", identifier: IDENTIFIER };
    expect(await store.claimAs("C", twin)).toEqual({ kind: "used", receipt: RECEIPT });
    expect(await store.take({ ...BY, owner: "D" })).toEqual({ kind: "over" });
  });
});
