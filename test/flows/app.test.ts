/** What only the app as a library can show: when its configuration is read, and what a broken log does. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { startUpstream } from "../../dev/upstream.ts";
import { createTollbooth, type Emit, type Platform } from "../../src/index.ts";
import { type FacilitatorStub, startFacilitatorStub } from "../fixtures/facilitator-stub.ts";
import { decode, type Requirements, sign } from "../fixtures/sign.ts";
import config from "../fixtures/tollbooth.config.ts";

let redis: RunningRedis | undefined;
let facilitator: FacilitatorStub | undefined;
let upstream: Awaited<ReturnType<typeof startUpstream>> | undefined;
beforeAll(async () => {
  [redis, facilitator, upstream] = await Promise.all([startRedis(), startFacilitatorStub(), startUpstream()]);
});
afterAll(() => Promise.all([redis?.close(), facilitator?.close(), upstream?.close()]));

function environment(): Record<string, unknown> {
  return {
    PAY_TO: seller.address,
    REDIS_URL: redis?.url,
    REDIS_TOKEN: redis?.token,
    UPSTREAM_URL: upstream?.url,
    FACILITATOR_URL: facilitator?.url,
  };
}

function platformWith(env: Record<string, unknown>): Platform {
  return (c) => ({
    env,
    rawPath: new URL(c.req.url).pathname,
    clientAddress: undefined,
    waitUntil: (work) => void work.catch(() => undefined),
  });
}

it("the configuration is read once, on the first request, and again only for other variables", async () => {
  let reads = 0;
  const counted = (env: Record<string, unknown>) => {
    reads += 1;
    return config(env);
  };
  const env = environment();
  const app = createTollbooth(counted, { platform: platformWith(env) });
  expect(reads).toBe(0);
  for (const path of ["/free", "/weather", "/nothing"]) await app.request(`http://gateway.example${path}`);
  expect(reads).toBe(1);
});

it("a log that throws changes nothing: a settlement in doubt stays in doubt", async () => {
  const emit: Emit = () => {
    throw new Error("the log is down");
  };
  const app = createTollbooth(config, { platform: platformWith(environment()), emit });
  const unpaid = await app.request("http://gateway.example/weather");
  const { accepts } = decode(unpaid.headers.get("payment-required")) as { accepts: [Requirements] };
  const headers = { "payment-signature": await sign(accepts[0]) };
  if (facilitator) facilitator.on.settle = () => ({ status: 500, text: "oops" });
  const first = await app.request("http://gateway.example/weather", { headers });
  expect([first.status, await first.json()]).toMatchObject([503, { code: "payment_outcome_unknown" }]);
  await expect
    .poll(async () => (await app.request("http://gateway.example/weather", { headers })).json(), {
      timeout: 6000,
    })
    .toMatchObject({ code: "payment_outcome_unknown" });
});
