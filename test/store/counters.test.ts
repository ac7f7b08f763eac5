/** How the store does, counted in the store: nothing is lost while it is away, and nothing else depends on it. */
import { afterEach, expect, it, vi } from "vitest";
import { openStores } from "../../src/stores/stores.ts";
import { describeBackends, postJson } from "../bridge/backends.ts";

const BY = { spend: "a1", owner: "o", leaseMs: 10_000, receipt: undefined };

afterEach(() => void vi.useRealTimers());

/** Lets the time pass after which an isolate writes what it has counted. */
function passTime(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
}

describeBackends("the counters", { strict: true }, (of) => {
  const open = () => {
    const { url, token } = of.redis;
    const at = { url, token, prefix: "test", timeoutMs: 500 };
    return openStores({ rateLimit: at, verificationCache: at, timeSession: at, responseCache: at });
  };
  const counted = async () => {
    const key = `test:stats:store:${new Date().toISOString().slice(0, 13)}`;
    const { result } = (await postJson(of.redis, "/", ["HGETALL", key])) as { result: string[] };
    return Object.fromEntries(result.flatMap((field, i) => (i % 2 ? [] : [[field, Number(result[i + 1])]])));
  };

  it("ride along with a write: no request of their own, and each request is counted once", async () => {
    const { payments } = open();
    of.faults.resetCounters();
    for (let i = 0; i < 3; i++) await payments.change(BY, { to: "renewed" });
    expect(of.faults.commandCount).toBe(3);
    passTime();
    for (let i = 0; i < 2; i++) await payments.change(BY, { to: "renewed" });
    // The fourth write carried what the three before it had counted.
    expect([of.faults.requestCount, of.faults.commandCount]).toEqual([5, 6]);
    expect(await counted()).toMatchObject({ requests: 3 });
  });

  it("failures and timeouts of a store that was away are there once it is back", async () => {
    const { payments } = open();
    of.faults.set("error-500", { times: 2 });
    for (let i = 0; i < 2; i++) await expect(payments.change(BY, { to: "renewed" })).rejects.toThrow();
    of.faults.set("hang", { times: 1 });
    await expect(payments.change(BY, { to: "renewed" })).rejects.toThrow();
    passTime();
    await payments.change(BY, { to: "renewed" });
    expect(await counted()).toMatchObject({ requests: 3, failed: 2, timeout: 1 });
  });

  it("that cannot be written do not keep a payment's record from being written", async () => {
    const { payments } = open();
    const key = `test:stats:store:${new Date().toISOString().slice(0, 13)}`;
    await postJson(of.redis, "/", ["SET", key, "not a hash"]);
    await payments.change(BY, { to: "renewed" });
    passTime();
    expect(await payments.change(BY, { to: "renewed" })).toBe(false);
  });
});
