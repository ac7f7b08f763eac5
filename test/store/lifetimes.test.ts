/** How long a payment's record lives, and what the way to it makes of a Redis that forgets or talks nonsense. */
import { expect, it } from "vitest";
import { describeBackends } from "../bridge/backends.ts";
import { livesOf, RECEIPT, SPEND, storeOf } from "./payment-record.ts";

const KEY = `test:verify:${SPEND}`;
const INDEX = `test:pending:${SPEND.slice(0, 1)}`;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const TTL_MS = 10 * MINUTE_MS;
/** What a test may take. */
const SLACK_MS = MINUTE_MS;

describeBackends("a record's life", { strict: true }, (of) => {
  it.each([
    ["claimed", []],
    ["unknown", [{ to: "unknown", reason: "r", transaction: "" }]],
  ] as const)("%s: is a day, because nobody knows yet whether something is owed", async (_, changes) => {
    const store = storeOf(of);
    await store.claimAs("A", { ttlMs: TTL_MS });
    for (const change of changes) expect(await store.changeAs("A", change)).toBe(true);
    expectLife(await livesOf(of), DAY_MS);
  });

  it("settled, and whatever happens short of a delivery: is a day, because an answer is owed", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { ttlMs: TTL_MS });
    for (const to of ["settled", "renewed", "broken", "abandoned"] as const) {
      expect(await store.changeAs("A", { to }, RECEIPT)).toBe(true);
      expectLife(await livesOf(of), DAY_MS);
    }
    await store.claimAs("B", { ttlMs: 2 * DAY_MS });
    expectLife(await livesOf(of), DAY_MS);
  });

  it("delivered: ends with the authorization, so that a replay still finds it", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { ttlMs: TTL_MS });
    await store.changeAs("A", { to: "delivered" }, RECEIPT);
    expectLife(await livesOf(of), TTL_MS);
  });

  it("failed: ends with the authorization", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { ttlMs: TTL_MS });
    await store.changeAs("A", { to: "failed", reason: "r" });
    expectLife(await livesOf(of), TTL_MS);
  });

  it("of an authorization valid for longer than a day: is never shorter than that", async () => {
    const store = storeOf(of);
    await store.claimAs("A", { ttlMs: 2 * DAY_MS });
    expectLife(await livesOf(of), 2 * DAY_MS);
    await store.changeAs("A", { to: "delivered" }, RECEIPT);
    expectLife(await livesOf(of), 2 * DAY_MS);
  });

  it("once over is over: a late write cannot bring it back without an end", async () => {
    const store = storeOf(of);
    for (const change of [
      { to: "settled" },
      { to: "failed", reason: "r" },
      { to: "unknown", reason: "r", transaction: "" },
      { to: "renewed" },
      { to: "delivered" },
      { to: "broken" },
      { to: "abandoned" },
    ] as const) {
      expect(await store.changeAs("A", change, RECEIPT)).toBe(false);
    }
    expect(await livesOf(of)).toEqual({});
  });

  it("a script goes out in full once per isolate, and again when Redis has lost it", async () => {
    const store = storeOf(of);
    const sent = () => of.faults.requests.map(({ commands }) => String(commands[0]?.[0]).toLowerCase());
    await store.claimAs("A");
    of.faults.resetCounters();
    await store.claimAs("B");
    expect(sent()).toEqual(["evalsha"]);
    of.faults.set("forget-scripts", { times: 1 });
    expect(await store.claimAs("C")).toMatchObject({ kind: "busy" });
    expect(sent()).toEqual(["evalsha", "evalsha", "eval"]);
  });

  it.each(["short-array", "not-json", "html", "error-500"] as const)(
    "a Redis that answers %s is store_unavailable, and the error repeats no owner and no key",
    async (fault) => {
      of.faults.set(fault, { times: 1 });
      const error: unknown = await storeOf(of)
        .claimAs("secret-owner")
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "store_unavailable" });
      expect(`${error} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toMatch(
        /secret-owner|spend-1/,
      );
    },
  );
});

/** The record lives as long as said less what the test took, and nothing lives for ever. */
function expectLife(lives: Record<string, number>, expected: number): void {
  expect(Object.keys(lives).filter((key) => key !== INDEX)).toEqual([KEY]);
  for (const life of Object.values(lives)) expect(life).toBeGreaterThan(0);
  expect(lives[KEY]).toBeLessThanOrEqual(expected);
  expect(lives[KEY]).toBeGreaterThan(expected - SLACK_MS);
}
