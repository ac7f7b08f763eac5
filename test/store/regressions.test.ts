/** Each of these was a defect once. */
import { expect, it } from "vitest";
import { describeBackends, postJson } from "../bridge/backends.ts";
import { leaseEnds, RECEIPT, recordOf, SHORT_LEASE_MS, storeOf } from "./payment-record.ts";

describeBackends("stays mended", { strict: true }, (of) => {
  it("a receipt of an owner that lost its claim in doubt is not thrown away", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { leaseMs: SHORT_LEASE_MS });
    await leaseEnds(of);
    expect(await store.claimAs("B")).toEqual({ kind: "doubt", since: expect.any(Number) });
    await store.changeAs("A", { to: "settled" }, RECEIPT);
    expect(await recordOf(of)).toMatchObject({ state: "settled", receipt: JSON.stringify(RECEIPT) });
  });
  it("a payment collected after its authorization ended still says used when it comes back", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { ttlMs: 1 });
    await store.changeAs("A", { to: "abandoned" }, RECEIPT);
    await store.claimAs("B", { create: false });
    await store.changeAs("B", { to: "delivered" }, RECEIPT);
    expect(await store.claimAs("C", { create: false })).toMatchObject({ kind: "used" });
    const { result } = (await postJson(of.redis, "/", ["PTTL", "test:verify:spend-1"])) as { result: number };
    expect(result).toBeGreaterThan(60_000);
  });
});
