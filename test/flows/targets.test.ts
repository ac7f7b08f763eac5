/** The record of an upstream's targets: counted by the store, in one step, and forgotten in time. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import type { TargetHealth } from "../../src/core/stores.ts";
import type { Target, Upstream } from "../../src/core/upstream.ts";
import { ask } from "../../src/stores/batch.ts";
import { connect } from "../../src/stores/redis.ts";
import { targetHealth } from "../../src/stores/target-health.ts";
import { upstreamOf } from "../unit/call.ts";

let redis: RunningRedis | undefined;
beforeAll(async () => {
  redis = await startRedis({ strict: true });
});
afterAll(() => redis?.close());

const [A, B] = ["https://a.example/", "https://b.example/"] as const;
let names = 0;

/** An upstream of its own, as one instance knows it. */
function open(health: Partial<NonNullable<Upstream["health"]>> = {}) {
  const { url = "", token = "" } = redis ?? {};
  const store: TargetHealth = targetHealth(connect({ url, token, prefix: "t", timeoutMs: 1000 }), "t");
  const upstream = upstreamOf([A, B], {
    name: `up-${names++}`,
    health: { failures: 3, withinMs: 60_000, ejectMs: 60_000, ...health },
  });
  const [a, b] = upstream.targets as [Target, Target];
  return {
    a,
    b,
    failed: (target: Target) => store.failed(upstream, target),
    out: async () => [...(await ask(store.out(upstream.name)))],
    async command(...words: string[]) {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const body = JSON.stringify(words.map((word) => (word === "KEY" ? `t:up:${upstream.name}` : word)));
      const reply = (await (await fetch(url, { method: "POST", headers, body })).json()) as {
        result: unknown;
      };
      return reply.result;
    },
  };
}

describe("a target", () => {
  it("is put out by so many failures, however many instances note them at once, and told so once", async () => {
    const { a, failed, out } = open({ failures: 50 });
    const told = await Promise.all(Array.from({ length: 49 }, () => failed(a)));
    expect([told.filter(Boolean).length, await out()]).toEqual([0, []]);
    const more = await Promise.all(Array.from({ length: 20 }, () => failed(a)));
    expect([more.filter(Boolean).length, await out()]).toEqual([1, [a.id]]);
  });

  it("is counted by itself", async () => {
    const { a, b, failed, out } = open();
    for (const target of [a, a, b, b]) expect(await failed(target)).toBe(false);
    expect([await failed(b), await out()]).toEqual([true, [b.id]]);
    expect([await failed(a), (await out()).sort()]).toEqual([true, [a.id, b.id].sort()]);
  });

  it("is not put out by failures that are further apart", async () => {
    const { a, failed, out } = open({ failures: 2, withinMs: 100 });
    expect(await failed(a)).toBe(false);
    await sleep(150);
    expect([await failed(a), await out()]).toEqual([false, []]);
    expect(await failed(a)).toBe(true);
  });

  it("is out for its time, which failures meanwhile do not lengthen, and then takes as many again", async () => {
    const { a, failed, out } = open({ failures: 2, ejectMs: 400 });
    await failed(a);
    expect(await failed(a)).toBe(true);
    const began = Date.now();
    while ((await out()).length > 0) {
      expect(await failed(a)).toBe(false);
      expect(Date.now() - began).toBeLessThan(3000);
    }
    await expect.poll(out).toEqual([]);
    const counts = [await failed(a), await failed(a), await failed(a)];
    expect(counts.filter(Boolean).length).toBe(1);
  });
});

describe("the record", () => {
  it("ends by itself, and is none where nothing fails", async () => {
    const { a, failed, out, command } = open({ withinMs: 5000, ejectMs: 20_000 });
    await out();
    expect(await command("EXISTS", "KEY")).toBe(0);
    await failed(a);
    const left = Number(await command("PTTL", "KEY"));
    expect(left).toBeGreaterThan(19_000);
    expect(left).toBeLessThanOrEqual(20_000);
  });

  it("that is something else says nothing against a target", async () => {
    const { out, command } = open();
    await command("SET", "KEY", "text");
    expect(await out()).toEqual([]);
  });
});
