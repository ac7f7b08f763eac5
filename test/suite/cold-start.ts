import { expect, it } from "vitest";
import { startGateway } from "../../dev/gateways/start.ts";
import { sign } from "../fixtures/sign.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

/** The first request of an isolate is as good as any. */
export function coldStartTests(world: () => World): void {
  it("a cold isolate serves a paid call first, and asks the facilitator for nothing but the settlement", async () => {
    const { runtime, vars, quote, facilitator, redis } = world();
    const payment = await sign(await quote("/weather"));
    const cold = await startGateway({ runtime, directory: BUNDLES, vars });
    try {
      const headers = { "payment-signature": payment, host: new URL(world().gateway.url).host };
      redis.resetCounters();
      const response = await fetch(`${cold.url}/weather`, { headers });
      expect(response.status).toBe(200);
      expect(facilitator.counts).toEqual({ verify: 0, settle: 1, supported: 0 });
      expect(redis.requests[0]?.commands).toHaveLength(1);
    } finally {
      await cold.stop();
    }
  });

  it("twenty first requests at once are all served", async () => {
    const { runtime, vars } = world();
    const cold = await startGateway({ runtime, directory: BUNDLES, vars });
    try {
      const paths = Array.from({ length: 20 }, (_, i) => (i % 2 ? "/free" : "/weather"));
      const answers = await Promise.all(paths.map((path) => fetch(cold.url + path)));
      expect(answers.map(({ status }) => status)).toEqual(
        paths.map((path) => (path === "/free" ? 200 : 402)),
      );
    } finally {
      await cold.stop();
    }
  });

  it("a gateway whose configuration has faults answers 500 without saying more than that", async () => {
    const { runtime, vars } = world();
    const broken = await startGateway({ runtime, directory: BUNDLES, vars: { ...vars, PAY_TO: "0x12" } });
    try {
      const response = await fetch(`${broken.url}/weather`);
      const text = await response.text();
      expect(response.status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ code: "config_invalid" });
      expect(text).not.toContain("0x12");
      expect(broken.log()).toContain("wallets.base-sepolia");
    } finally {
      await broken.stop();
    }
  });
}
