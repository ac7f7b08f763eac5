/** Prepaid credits at several instances: no two calls go out on one credit, whichever instance takes them. */
import type { OutgoingHttpHeaders } from "node:http";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ask } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { crowd } from "./crowd.ts";

const ROUTE = "/credits/crowded";
/** What is left of the 51 calls of a payment after the one that pays. */
const CREDITS = 50;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(2);
});
beforeEach(() => {
  cluster.upstream.slowestMs = 5;
  cluster.upstream.runs.clear();
});
afterAll(() => cluster?.close());

type Seen = { status: number | undefined; left: number; token: string; charged: boolean };

async function visit(url: string, headers: OutgoingHttpHeaders): Promise<Seen> {
  const answer = await ask(url, headers);
  answer.resume();
  return {
    status: answer.statusCode,
    left: Number(answer.headers["x-tollbooth-credits-remaining"] ?? Number.NaN),
    token: String(answer.headers["tollbooth-session"]),
    charged: "payment-response" in answer.headers,
  };
}

async function pay(privateKey = generatePrivateKey()): Promise<Seen & { privateKey: `0x${string}` }> {
  const { path, header } = await cluster.sign(ROUTE, privateKey);
  return { ...(await visit(cluster.anyUrl() + path, { "payment-signature": header })), privateKey };
}

const runs = () => [...cluster.upstream.runs.values()].reduce((sum, { started }) => sum + started, 0);

it("200 calls at once on 50 credits, half at each of two instances: exactly 50 are served", async () => {
  const { token, left } = await pay();
  expect(left).toBe(CREDITS);
  cluster.upstream.runs.clear();
  const urls = cluster.urls();
  const seen = await Promise.all(
    Array.from({ length: 200 }, (_, i) => visit((urls[i % 2] ?? "") + ROUTE, { "tollbooth-session": token })),
  );
  const served = seen.filter(({ status }) => status === 200);
  expect(seen.filter(({ status }) => status !== 200 && status !== 402)).toEqual([]);
  expect(served.map(({ left }) => left).sort((a, b) => a - b)).toEqual(
    Array.from({ length: CREDITS }, (_, i) => i),
  );
  expect(runs()).toBe(CREDITS);
});

it("as many fresh payments as there are credits are let through uncharged, and the next one is charged", async () => {
  const { privateKey } = await pay();
  const seen = await crowd(CREDITS, 10, () => pay(privateKey));
  expect(seen.filter(({ status, charged }) => status !== 200 || charged)).toEqual([]);
  expect(await pay(privateKey)).toMatchObject({ status: 200, charged: true, left: CREDITS });
}, 60_000);

it("an instance that dies between drawing and answering has used up the credit of that call, and no other", async () => {
  const { token } = await pay();
  cluster.upstream.slowestMs = 60_000;
  cluster.upstream.runs.clear();
  const dying = cluster.slots.find(({ runtime, isUp }) => runtime === "workers" && isUp());
  const lost = visit((dying?.url() ?? "") + ROUTE, { "tollbooth-session": token }).catch(() => "lost");
  await expect.poll(runs).toBe(1);
  await dying?.stop();
  expect(await lost).toBe("lost");
  cluster.upstream.slowestMs = 0;
  const next = await visit(cluster.anyUrl() + ROUTE, { "tollbooth-session": token });
  expect(next).toMatchObject({ status: 200, left: CREDITS - 2 });
});
