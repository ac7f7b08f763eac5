/** What `/ready` says of real stores, facilitators and upstreams that fail. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { startUpstream } from "../../dev/upstream.ts";
import { type ConfigSource, createTollbooth, type Platform } from "../../src/index.ts";
import { ask as command } from "../bridge/redis-servers.ts";
import { type FacilitatorStub, startFacilitatorStub } from "../fixtures/facilitator-stub.ts";

const TOKEN = "an-operators-token-of-length";
const NOBODY = "http://127.0.0.1:9";
const faults = createFaults();
let redis: RunningRedis;
let facilitator: FacilitatorStub;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
beforeAll(async () => {
  [redis, facilitator, upstream] = await Promise.all([
    startRedis({ prefer: "real", intercept: faults.intercept }),
    startFacilitatorStub(),
    startUpstream(),
  ]);
});
afterAll(() => Promise.all([redis?.close(), facilitator?.close(), upstream?.close()]));
beforeEach(() => {
  faults.clear();
  faults.resetCounters();
  facilitator.reset();
});

/** An instance that has just started, with a route for each of these upstreams. */
function start(upstreams: Record<string, object>, more: object = {}) {
  const config: ConfigSource = () => ({
    gateway: { admin: { token: TOKEN }, timeouts: { redis: 1, facilitator: 1 }, ...more },
    wallets: { "base-sepolia": seller.address },
    accepts: [{ asset: "USDC", network: "base-sepolia" }],
    facilitator: facilitator.url,
    stores: { redis: { url: redis.url, token: redis.token } },
    upstreams: upstreams as Record<string, { url: string }>,
    routes: Object.fromEntries(
      Object.keys(upstreams).map((name) => [
        `GET /${name}`,
        { upstream: name, price: name === "pair" ? "$0" : "$0.01" },
      ]),
    ),
  });
  const env = {};
  const platform: Platform = (c) => ({
    env,
    rawPath: new URL(c.req.url).pathname,
    clientAddress: undefined,
    waitUntil: (work) => void work.catch(() => undefined),
  });
  return createTollbooth(config, { platform, emit: () => undefined });
}

const one = () => ({ demo: { url: upstream.url } });
const inFull = { headers: { authorization: `Bearer ${TOKEN}` } };

async function ask(app: ReturnType<typeof start>, init?: RequestInit) {
  const response = await app.request("http://gateway.example/ready", init);
  return [response.status, (await response.json()) as Record<string, unknown>] as const;
}

async function setting(name: string, value: string) {
  expect(await command(`redis://127.0.0.1:${redis.port}`, ["CONFIG", "SET", name, value])).toBeTruthy();
}

it("everything answers: ready, and the store has been asked once, by writing", async () => {
  const app = start(one());
  const [status, body] = await ask(app);
  expect([status, body]).toMatchObject([
    200,
    { status: "ok", checks: { store: "ok", facilitator: "ok", upstream: "ok" } },
  ]);
  await ask(app);
  expect(faults.requestCount).toBe(1);
  expect(faults.requests[0]?.commands[0]?.join(" ")).toContain("tollbooth:ready");
});

it.each(["error-500", "drop-before", "hang", "error-401"] as const)(
  "a store that fails (%s): not ready, in time",
  async (fault) => {
    faults.set(fault);
    const [status, body] = await ask(start(one()));
    expect([status, body]).toMatchObject([503, { status: "down", checks: { store: "down" } }]);
  },
);

it("a store that reads and does not write: not ready", async () => {
  await setting("min-replicas-to-write", "1");
  try {
    expect(await ask(start(one()))).toMatchObject([503, { checks: { store: "down" } }]);
  } finally {
    await setting("min-replicas-to-write", "0");
  }
});

it.each([
  ["is down", { status: 503, text: "" }, 503, "down"],
  ["does not answer", "hang", 503, "down"],
  ["does not list what is sold", { json: { kinds: [] } }, 200, "degraded"],
  ["has no list", { status: 404, json: {} }, 200, "degraded"],
] as const)("a facilitator that %s", async (_, reply, status, condition) => {
  facilitator.on.supported = () => reply;
  expect(await ask(start(one()))).toMatchObject([
    status,
    { status: condition, checks: { facilitator: condition } },
  ]);
});

it("one upstream of two is gone: ready, and the operator sees which", async () => {
  const app = start({ ...one(), gone: { url: NOBODY } });
  expect(await ask(app)).toMatchObject([200, { status: "degraded", checks: { upstream: "degraded" } }]);
  const [, body] = await ask(app, inFull);
  expect(body.findings).toContainEqual(
    expect.objectContaining({ name: "gone", condition: "down", reason: "1 of 1 targets do not answer" }),
  );
});

it("targets that calls have found out are known from the store, and not asked", async () => {
  const targets = [{ url: NOBODY }, { url: "http://127.0.0.1:13" }];
  const app = start({ ...one(), pair: { targets, health: { failures: 1 } } });
  expect((await app.request("http://gateway.example/pair")).status).toBe(502);
  const [, body] = await ask(app, inFull);
  const finding = { of: "upstream", name: "pair", condition: "down", reason: "2 of 2 targets are out" };
  expect(body.findings).toContainEqual(finding);
});

it("strangers see no name, address or token, whatever fails", async () => {
  faults.set("error-401");
  facilitator.on.supported = () => ({ status: 500, text: redis.token });
  const [, body] = await ask(start({ "inner-name": { url: "http://127.0.0.1:9/key-in-path" } }));
  expect(JSON.stringify(body)).not.toMatch(/inner-name|127\.0\.0\.1|key-in-path|findings/);
  expect(JSON.stringify(body)).not.toContain(redis.token);
});

it("alive it is with a configuration that has faults; ready it is not", async () => {
  const app = start({ broken: { url: "no url" } });
  expect((await app.request("http://gateway.example/health")).status).toBe(200);
  expect(await ask(app)).toMatchObject([500, { code: "config_invalid" }]);
});

it("switched off, both paths are like any other", async () => {
  const app = start(one(), { health: false });
  for (const path of ["/health", "/ready"]) {
    expect((await app.request(`http://gateway.example${path}`)).status).toBe(404);
  }
});
