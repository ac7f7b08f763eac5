/** What each platform adds around the gateway: its cron, and how it ends. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type RunningRedis, startRedis } from "../dev/redis.ts";
import { createTollbooth } from "../src/index.ts";
import { cloudflare, workerHandler } from "../src/platform/cloudflare.ts";
import { listen, node } from "../src/platform/node.ts";
import { vercel, vercelHandler } from "../src/platform/vercel.ts";
import { valid } from "./config/valid.ts";
import { startFacilitatorStub } from "./fixtures/facilitator-stub.ts";
import { decode, type Requirements, sign } from "./fixtures/sign.ts";

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis({ strict: true });
});
afterAll(() => redis?.close());

const looked = { seen: 0, settled: 0, failed: 0, owed: 0, doubtful: 0 };
const source = (change: object) => () => ({
  ...valid(),
  stores: { redis: { url: redis.url, token: redis.token } },
  ...change,
});
const withNode = { rpc: { base: "http://127.0.0.1:9" } };

describe("pending payments are looked into", () => {
  it("on Workers, by the cron trigger", async () => {
    const app = createTollbooth(source(withNode), { platform: cloudflare });
    const reconcile = vi.spyOn(app, "reconcile");
    const work: Promise<unknown>[] = [];
    const env = {};
    workerHandler(app).scheduled({}, env, { waitUntil: (promise) => work.push(promise) });
    expect(reconcile).toHaveBeenCalledWith(env);
    expect(await Promise.all(work)).toEqual([looked]);
  });

  it("on Vercel, by its cron and nobody else", async () => {
    const handle = vercelHandler(
      createTollbooth(source(withNode), { platform: vercel, emit: () => undefined }),
    );
    const ask = (authorization?: string) =>
      handle(
        new Request(
          "https://gateway.example/__tollbooth/reconcile",
          authorization ? { headers: { authorization } } : {},
        ),
      );
    // Without a secret the path is not there.
    expect((await ask("Bearer undefined")).status).toBe(404);
    vi.stubEnv("CRON_SECRET", "s3cret");
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const wrong of [undefined, "Bearer wrong", "s3cret", "Bearer "])
      expect((await ask(wrong)).status).toBe(404);
    const answer = await ask("Bearer s3cret");
    expect([answer.status, await answer.json()]).toEqual([200, looked]);
  });

  it("nobody is asked where no node is configured, and a failure is logged and not thrown", async () => {
    const events: string[] = [];
    const emit = ({ event }: { event: string }) => void events.push(event);
    const without = createTollbooth(source({}), { platform: cloudflare, emit });
    expect(await without.reconcile({})).toBeUndefined();
    expect(events).toEqual([]);
    const stores = { redis: { url: "http://127.0.0.1:9", token: "t" } };
    const broken = createTollbooth(source({ ...withNode, stores }), { platform: cloudflare, emit });
    expect(await broken.reconcile({})).toBeUndefined();
    expect(events).toEqual(["reconcile_failed"]);
  });
});

/** A Node gateway that sells an answer which never ends. */
async function sellEndless(route: object, change: object = {}) {
  const facilitator = await startFacilitatorStub();
  const upstream = createServer((_request, response) => void response.write("half"));
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  onTestFinished(async () => {
    upstream.closeAllConnections();
    upstream.close();
    await facilitator.close();
  });
  const config = source({
    wallets: { "base-sepolia": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" },
    accepts: [{ asset: "USDC", network: "base-sepolia" }],
    facilitator: facilitator.url,
    upstreams: { api: { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` } },
    routes: { "GET /endless": { upstream: "api", price: "$0.01", ...route } },
    ...change,
  });
  const app = createTollbooth(config, { platform: node, emit: () => undefined });
  const start = (port = 0) => listen(app, { port, hostname: "127.0.0.1", graceMs: 100 });
  const server = await start();
  const path = `http://127.0.0.1:${server.port}/endless`;
  const required = decode((await fetch(path)).headers.get("payment-required")) as { accepts: [Requirements] };
  const headers = { "payment-signature": await sign(required.accepts[0]) };
  return { facilitator, upstream, start, server, present: () => fetch(path, { headers }) };
}

it("an answer that the closing server cuts is not delivered: its payer collects it elsewhere", async () => {
  const { facilitator, start, server, present } = await sellEndless({});
  const answer = await present();
  const reading = answer.body?.getReader();
  expect((await reading?.read())?.value).toBeDefined();
  await server.close();
  await expect(reading?.read()).rejects.toThrow();
  // The same name, another instance.
  const next = await start(server.port);
  onTestFinished(() => next.close());
  const again = await present();
  expect(again.status).toBe(200);
  expect(facilitator.counts.settle).toBe(1);
  await again.body?.cancel();
});

it("an answer that is withheld while its settlement is in doubt does not keep a server from closing", async () => {
  const { facilitator, upstream, server, present } = await sellEndless(
    { settlement: "after-response", keepAnswer: true },
    { gateway: { timeouts: { upstream: 1 } } },
  );
  facilitator.on.settle = () => ({ status: 500, text: "down" });
  expect((await present()).status).toBe(503);
  await server.close();
  const open = () =>
    new Promise<number>((resolve) => upstream.getConnections((_error, count) => resolve(count)));
  await expect.poll(open).toBe(0);
});
