/** What a kept answer saves and what keeping costs a call: waits, and requests to the store. */
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { decode, type Requirements, sign } from "../test/fixtures/sign.ts";
import { commandsOf } from "./charges.ts";
import { median } from "./stats.ts";
import { DISTANCES_MS } from "./stores.ts";
import { timeCall } from "./waits.ts";
import type { WaysLab } from "./ways.ts";

/** What the upstream takes, ms. */
export const UPSTREAM_MS = 20;

/** One kind of call at one distance of the store; times in ms. */
export type Kept = {
  name: string;
  distance: number;
  /** What the store and the upstream took, measured there. */
  store: number;
  upstream: number;
  p50: number;
  p99: number;
};

/** What one call asked of the store. */
export type Asked = {
  name: string;
  /** HTTP requests that were waited for before the upstream was asked or, without it, before the answer. */
  redisBefore: number;
  redisTotal: number;
  commands: number;
  /** Commands that the scripts gave. */
  inside: number;
  upstream: number;
};

/** Long enough that an answer which was not waited for cannot have come before what followed. */
const LATENCY_MS = 40;
/** For the writes behind the answer. */
const QUIET_MS = 400;
/** Isolates write their statistics now and then: the smallest of so many counts is without. */
const TIMES = 3;
const BODY = "/body/json/1000";

/** Sequential calls of every kind at every distance, taking turns, in workerd. */
export async function measureKept(lab: WaysLab, calls: number): Promise<Kept[]> {
  const { redis, upstream } = lab.servers;
  const gateway = lab.gateway.workers.url;
  const hit = `${gateway}/kept${BODY}`;
  const kinds: Record<string, () => string> = {
    proxy: () => lab.proxy.workers.url + BODY,
    "gateway, no cache": () => gateway + BODY,
    hit: () => hit,
    miss: () => `${hit}?${randomUUID()}`,
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await warm(hit);
  const results: Kept[] = [];
  for (const distance of DISTANCES_MS) {
    await redis.set({ latencyMs: distance, record: true });
    await upstream.set({ latencyMs: UPSTREAM_MS, record: true });
    const times = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
    for (let i = 0; i < calls; i++) {
      for (const [name, urlOf] of Object.entries(kinds))
        times.get(name)?.push(await timeCall(agent, urlOf(), {}));
    }
    await sleep(QUIET_MS);
    const [stored, answered] = [await redis.set({}), await upstream.set({})];
    const store = median(stored.map((one) => one.answered - one.at));
    const took = median(answered.map((one) => one.answered - one.at));
    for (const [name, list] of times) {
      const sorted = list.toSorted((a, b) => a - b);
      const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
      results.push({ name, distance, store, upstream: took, p50: median(list), p99 });
    }
  }
  agent.destroy();
  return results;
}

/** Asks until the answer comes out of the store. @throws when it never does */
export async function warm(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    if (answer.headers.get("x-cache-status") === "HIT") return;
    await sleep(20);
  }
  throw new Error(`${url} is not kept`);
}

/** Counts for a hit and a miss, free and paid. */
export async function countKept(lab: WaysLab): Promise<Asked[]> {
  const gateway = lab.gateway.workers.url;
  await warm(`${gateway}/kept${BODY}`);
  const paid = `${gateway}/sold${BODY}`;
  await (await fetch(paid, { headers: await payFor(paid) })).arrayBuffer();
  await sleep(QUIET_MS);
  const kinds: [name: string, url: () => string][] = [
    ["free, hit", () => `${gateway}/kept${BODY}`],
    ["free, miss", () => `${gateway}/kept${BODY}?${randomUUID()}`],
    ["paid, hit", () => paid],
    ["paid, miss", () => `${paid}?${randomUUID()}`],
  ];
  const all: Asked[] = [];
  for (const [name, url] of kinds) {
    const counts: Asked[] = [];
    for (let i = 0; i < TIMES; i++) counts.push(await count(lab, name, url()));
    const [least] = counts.sort((a, b) => a.commands - b.commands || a.inside - b.inside);
    if (least) all.push(least);
  }
  return all;
}

async function count(lab: WaysLab, name: string, url: string): Promise<Asked> {
  const { upstream, redis } = lab.servers;
  const headers = name.startsWith("paid") ? await payFor(url) : {};
  const before = await commandsOf(lab);
  for (const server of [upstream, redis]) await server.set({ record: true, latencyMs: LATENCY_MS });
  const answer = await fetch(url, { headers });
  await answer.arrayBuffer();
  const answeredAt = Number(process.hrtime.bigint()) / 1e6;
  await sleep(QUIET_MS);
  const [calls, stored] = [await upstream.set({}), await redis.set({})];
  const expected = name.endsWith("hit") ? 0 : 1;
  if (answer.status !== 200 || calls.length !== expected)
    throw new Error(`${name}: ${answer.status}, ${calls.length} requests to the upstream`);
  const commands = stored.flatMap(({ what }) => what.split(" ")).length;
  const end = calls[0]?.at ?? answeredAt;
  return {
    name,
    redisBefore: stored.filter(({ answered }) => answered < end).length,
    redisTotal: stored.length,
    commands,
    // The question itself is a command, too.
    inside: (await commandsOf(lab)) - before - commands - 1,
    upstream: calls.length,
  };
}

async function payFor(url: string): Promise<Record<string, string>> {
  const unpaid = await fetch(url);
  await unpaid.arrayBuffer();
  const { accepts } = decode(unpaid.headers.get("payment-required")) as { accepts: [Requirements] };
  return { "payment-signature": await sign(accepts[0]) };
}
