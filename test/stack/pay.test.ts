/** The main job on real parts: the official client pays a real token on a real chain through each runtime. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { payer, seller } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { pay } from "../../dev/pay.ts";
import { type Stack, startStack } from "../../dev/stack.ts";
import { BUNDLES } from "../fixtures/world.ts";

const ONE_CENT = 10_000n;

let stack: Stack | undefined;

beforeAll(async () => {
  stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
});
afterAll(() => stack?.close());

describe.each<Runtime>(["workers", "vercel", "node"])("in %s", (runtime) => {
  let gateway: Gateway | undefined;

  beforeAll(async () => {
    const { UPSTASH_REDIS_REST_URL = "", UPSTASH_REDIS_REST_TOKEN = "", ...vars } = running().vars;
    gateway = await startGateway({
      runtime,
      directory: BUNDLES,
      vars: { ...vars, REDIS_URL: UPSTASH_REDIS_REST_URL, REDIS_TOKEN: UPSTASH_REDIS_REST_TOKEN },
    });
  });
  afterAll(() => gateway?.stop());

  it.each(["/weather", "/late/weather", "/listed/bern"])(
    "the official client buys %s: exactly the price moves from payer to seller",
    async (path) => {
      const { chain } = running();
      const before = await balances();
      const result = await pay(`${gateway?.url}${path}`, { rpcUrl: chain.url });
      expect(result).toMatchObject({ ok: true, status: 200, receipt: { success: true } });
      expect(JSON.parse(result.body)).toHaveProperty("temperature");
      const after = await balances();
      expect(before.payer - after.payer).toBe(ONE_CENT);
      expect(after.seller - before.seller).toBe(ONE_CENT);
    },
  );

  it("ten clients at once pay ten times", async () => {
    const { chain } = running();
    const before = await balances();
    const results = await Promise.all(
      Array.from({ length: 10 }, () => pay(`${gateway?.url}/weather`, { rpcUrl: chain.url })),
    );
    expect(results.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect((await balances()).seller - before.seller).toBe(10n * ONE_CENT);
  });

  it("an upstream that fails under after-response costs nothing", async () => {
    const before = await balances();
    const result = await pay(`${gateway?.url}/late/status/500`, { rpcUrl: running().chain.url });
    expect(result.status).toBe(500);
    expect(await balances()).toEqual(before);
  });
});

function running(): Stack {
  if (!stack) throw new Error("the stack has not started");
  return stack;
}

async function balances(): Promise<{ payer: bigint; seller: bigint }> {
  const { chain } = running();
  return { payer: await chain.balanceOf(payer.address), seller: await chain.balanceOf(seller.address) };
}
