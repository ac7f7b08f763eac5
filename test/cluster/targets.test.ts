/** What one instance has seen of an upstream's targets, every instance knows: it is in the store they share. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { BUNDLES, startWorld, type World } from "../fixtures/world.ts";

let world: World;
let other: Gateway;
beforeAll(async () => {
  world = await startWorld("workers");
  other = await startGateway({ runtime: "node", directory: BUNDLES, vars: world.vars });
});
afterAll(async () => {
  await other?.stop();
  await world?.close();
});

it("a target that fails at one instance is out for another, which has never asked it", async () => {
  const { gateway, upstream } = world;
  const sick = () => upstream.count("/status/503");
  const post = (url: string) => fetch(`${url}/free/ejecting`, { method: "POST" });
  expect((await post(other.url)).status).toBe(503);
  for (let i = 0; i < 40 && sick() < 4; i++) await post(gateway.url);
  await expect.poll(() => gateway.log()).toContain('"msg":"target_ejected"');
  await world.reset();
  for (let i = 0; i < 10; i++) expect((await post(other.url)).status).toBe(200);
  expect(sick()).toBe(0);
});
