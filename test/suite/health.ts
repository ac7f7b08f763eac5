import { expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { askedOf } from "../fixtures/asked.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

/** Whoever watches the instance gets an answer that costs next to nothing. */
export function healthTests(world: () => World, runtime: Runtime): void {
  it.each(["GET", "HEAD"])("%s /health: alive, and nobody is asked", async (method) => {
    const { gateway, redis, facilitator } = world();
    const answer = await fetch(`${gateway.url}/health`, { method });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await answer.text()).toBe(method === "GET" ? '{"status":"ok"}' : "");
    expect([...askedOf(redis), facilitator.counts.supported]).toEqual([0]);
  });

  it("/ready: a hundred who ask are one request to the store", async () => {
    const { gateway, redis } = world();
    const asked = Array.from({ length: 100 }, () =>
      fetch(`${gateway.url}/ready`).then(({ status }) => status),
    );
    expect(new Set(await Promise.all(asked)).size).toBeLessThanOrEqual(2);
    const answer = await fetch(`${gateway.url}/ready`);
    // The route that sells on Solana has a facilitator of its own here and there; what matters is that the store answers.
    expect(await answer.json()).toMatchObject({ checks: { store: "ok" } });
    expect(askedOf(redis).length).toBeLessThanOrEqual(1);
  });

  it("the first calls of an instance, all at once, share what it keeps: who asks for /ready first asks for all", async () => {
    const { redis, vars } = world();
    const gateway = await startGateway({ runtime, directory: BUNDLES, vars });
    try {
      await Promise.all(Array.from({ length: 50 }, () => fetch(`${gateway.url}/ready`)));
      expect(askedOf(redis)).toEqual([expect.stringContaining("test:ready")]);
    } finally {
      await gateway.stop();
    }
  });

  it("another method is for the routes", async () => {
    const answer = await fetch(`${world().gateway.url}/health`, { method: "POST" });
    expect(answer.status).toBe(404);
  });
}
