/** The data centre's cache, as `wrangler dev` has one: bodies come from there, and go when the store says so. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFaults } from "../../dev/faults.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startWranglerDev } from "../../dev/gateways/wrangler-dev.ts";
import { startRedis } from "../../dev/redis.ts";
import { startUpstream } from "../../dev/upstream.ts";
import { borrowPort } from "../dev/ports.ts";
import { ADMIN_TOKEN } from "../fixtures/tollbooth.config.ts";

const redis = createFaults();
let store: Awaited<ReturnType<typeof startRedis>>;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
let gateway: Gateway;

beforeAll(async () => {
  store = await startRedis({ intercept: redis.intercept, strict: true });
  upstream = await startUpstream({});
  gateway = await startWranglerDev({
    config: "test/fixtures/tollbooth.config.ts",
    port: await borrowPort(),
    vars: {
      PAY_TO: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
      REDIS_URL: store.url,
      REDIS_TOKEN: store.token,
      UPSTREAM_URL: upstream.url,
      FACILITATOR_URL: "http://127.0.0.1:9",
    },
  });
}, 120_000);

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([store?.close(), upstream?.close()]);
});

it("a long body is read near the isolate, and only as long as the store says that it may be handed out", async () => {
  const long = "long ".repeat(10_000);
  upstream.script.set("/colo", (nth) => ({
    headers: { "cache-control": "max-age=60" },
    body: `${nth} ${long}`,
  }));
  const url = `${gateway.url}/cache/colo/colo`;
  const read = async () => {
    redis.resetCounters();
    const response = await fetch(url);
    return [response.headers.get("x-cache-status"), (await response.text()).length, redis.requestCount];
  };
  await read();
  const length = long.length + 2;
  // First the body is asked for by itself, from then on it is near.
  await expect.poll(read, { timeout: 10_000 }).toEqual(["HIT", length, 1]);
  const purge = { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
  const purged = await fetch(`${gateway.url}/__tollbooth/cache/purge`, {
    ...purge,
    body: JSON.stringify({ urls: [url] }),
  });
  expect(purged.status).toBe(200);
  expect((await (await fetch(url)).text()).slice(0, 2)).toBe("2 ");
});
