/** Stores with different connections: what is kept beside each other elsewhere is apart here, and nothing else changes. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { payer } from "../../dev/accounts.ts";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { startUpstream } from "../../dev/upstream.ts";
import { createTollbooth } from "../../src/index.ts";
import { postJson } from "../bridge/backends.ts";
import { type FacilitatorStub, startFacilitatorStub } from "../fixtures/facilitator-stub.ts";
import { decode, type Requirements, sign } from "../fixtures/sign.ts";

const faults = {
  payments: createFaults(),
  sessions: createFaults(),
  limits: createFaults(),
  answers: createFaults(),
};
let stores: Record<keyof typeof faults, RunningRedis>;
let facilitator: FacilitatorStub;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
beforeAll(async () => {
  const start = ({ intercept }: { intercept: ReturnType<typeof createFaults>["intercept"] }) =>
    startRedis({ strict: true, intercept });
  const [payments, sessions, limits, answers] = await Promise.all(Object.values(faults).map(start));
  if (!payments || !sessions || !limits || !answers) throw new Error("a store is missing");
  stores = { payments, sessions, limits, answers };
  [facilitator, upstream] = await Promise.all([startFacilitatorStub(), startUpstream({})]);
});
beforeEach(async () => {
  facilitator.reset();
  upstream.reset();
  for (const fault of Object.values(faults)) fault.clear();
  for (const fault of Object.values(faults)) fault.resetCounters();
  for (const store of Object.values(stores)) await postJson(store, "/", ["FLUSHALL"]);
});
afterAll(async () => {
  for (const part of [...Object.values(stores ?? {}), facilitator, upstream]) await part?.close();
});

function gateway() {
  const at = ({ url, token }: RunningRedis) => ({ redis: { url, token } });
  const work: Promise<unknown>[] = [];
  const app = createTollbooth(
    () => ({
      gateway: { timeouts: { redis: 1 } },
      wallets: { "base-sepolia": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" },
      accepts: [{ asset: "USDC", network: "base-sepolia" }],
      facilitator: facilitator.url,
      stores: {
        verificationCache: at(stores.payments),
        timeSession: at(stores.sessions),
        rateLimit: at(stores.limits),
        responseCache: at(stores.answers),
      },
      upstreams: { api: { url: upstream.url } },
      routes: {
        "GET /weather": {
          upstream: "api",
          price: "$0.01",
          pricing: { model: "time", duration: "1h" },
          rateLimit: { requests: 3, window: "1h" },
        },
        "GET /kept": {
          upstream: "api",
          path: "/weather",
          price: "$0.01",
          cache: { ttl: "1m", charge: "$0.004" },
        },
        "GET /once": {
          upstream: "api",
          path: "/weather",
          price: "$0.01",
          onStoreError: "allow",
          rateLimit: { requests: 1, window: "1h" },
        },
      },
    }),
    {
      emit: () => undefined,
      platform: (c) => ({
        env: {},
        rawPath: new URL(c.req.url).pathname,
        clientAddress: "192.0.2.7",
        waitUntil: (promise) => void work.push(promise),
      }),
    },
  );
  const call = (path: string, headers: Record<string, string> = {}) =>
    app.request(`http://gateway.example${path}`, { headers });
  return {
    call,
    idle: () => Promise.allSettled(work),
    async pay(path: string, payment?: string) {
      const required = decode((await call(path)).headers.get("payment-required")) as {
        accepts: [Requirements];
      };
      const header = payment ?? (await sign(required.accepts[0], { privateKey: payer.privateKey }));
      const answer = await call(path, { "payment-signature": header });
      await answer.text();
      return { answer, header };
    },
  };
}

it("each is asked once, and the payer of a running session passes uncharged", async () => {
  const { pay, idle } = gateway();
  expect((await pay("/weather")).answer.status).toBe(200);
  await idle();
  for (const fault of Object.values(faults)) fault.resetCounters();
  const { answer, header } = await pay("/weather");
  expect([answer.status, answer.headers.get("payment-response")]).toEqual([200, null]);
  expect(facilitator.counts.settle).toBe(1);
  await idle();
  // The payment that was not needed was given back, and nothing of it is left.
  const { result } = (await postJson(stores.payments, "/", ["KEYS", "*:pending:*"])) as { result: string[] };
  expect(result).toEqual([]);
  expect([faults.limits.requestCount, faults.sessions.requestCount]).toEqual([1, 1]);
  expect((await pay("/weather", header)).answer.headers.get("payment-response")).toBeNull();
});

it("a limit that is used up gives the payment back", async () => {
  const { pay, idle } = gateway();
  expect((await pay("/once")).answer.status).toBe(200);
  const { answer, header } = await pay("/once");
  expect(answer.status).toBe(429);
  await idle();
  await postJson(stores.limits, "/", ["FLUSHALL"]);
  expect((await pay("/once", header)).answer.status).toBe(200);
  expect(facilitator.counts.settle).toBe(2);
});

it("while only the store of the limits is away, a route may go on without them", async () => {
  const { pay } = gateway();
  faults.limits.set("error-500");
  expect((await pay("/once")).answer.status).toBe(200);
  expect((await pay("/weather")).answer.status).toBe(503);
  expect(facilitator.counts.settle).toBe(1);
});

it("while the store of the sessions is away, nobody is charged for time that could not be opened", async () => {
  const { pay, idle } = gateway();
  faults.sessions.set("error-500");
  const { answer, header } = await pay("/weather");
  expect(answer.status).toBe(503);
  expect(facilitator.counts.settle).toBe(0);
  faults.sessions.clear();
  await idle();
  expect((await pay("/weather", header)).answer.status).toBe(200);
  expect(facilitator.counts.settle).toBe(1);
});

it.each(["hang", "error-500"] as const)(
  "while the store of kept answers is away (%s), a call is sold once, at its full price, and served",
  async (fault) => {
    const { call, pay, idle } = gateway();
    expect((await pay("/kept")).answer.status).toBe(200);
    await idle();
    const priceNow = async () => {
      const required = decode((await call("/kept")).headers.get("payment-required"));
      return (required as { accepts: [Requirements] }).accepts[0].amount;
    };
    expect(await priceNow()).toBe("4000");
    faults.answers.set(fault);
    const { answer } = await pay("/kept");
    expect([answer.status, answer.headers.get("x-cache-status")]).toEqual([200, "BYPASS"]);
    expect(facilitator.asked.settle?.paymentRequirements.amount).toBe("10000");
    expect([facilitator.counts.settle, upstream.count("/weather")]).toEqual([2, 2]);
    faults.answers.clear();
    expect((await pay("/kept")).answer.headers.get("x-cache-status")).toBe("HIT");
    expect(facilitator.asked.settle?.paymentRequirements.amount).toBe("4000");
  },
);
