/** A paid call with real waits behind it, one at a time: how much of what the client waits could not be avoided. */
import { Agent, get } from "node:http";
import type { Lab, ServerName } from "./lab.ts";
import { median } from "./stats.ts";
import { openPools, PAID, probe, urlOf, type Variant } from "./variants.ts";

/** What each server takes, ms: a settlement, an API, a store in the same region. */
export const WAITS = { facilitator: 50, upstream: 20, redis: 5 };

/** The calls of one variant; times in ms. */
export type Waited = {
  name: string;
  calls: number;
  /** The servers that are waited for one after the other. */
  chain: ServerName[];
  /** What they were told to take together. */
  ideal: number;
  /** What they took: timers fire late, and later on a busy machine. */
  taken: number;
  p50: number;
  p99: number;
};

const NAMES = ["facilitator", "upstream", "redis"] as const;

/** Whom each design has to wait for, in order. */
const CHAINS: Record<string, ServerName[]> = {
  "proxy, unpaid": ["upstream"],
  sdk: ["facilitator", "upstream", "facilitator"],
  "sdk, upfront": ["facilitator", "upstream"],
  "gateway, before-response": ["redis", "facilitator", "upstream"],
  "gateway, after-response": ["redis", "facilitator", "upstream", "facilitator"],
};

/** Makes `calls` sequential calls of every paid variant, taking turns. */
export async function measureWaits(lab: Lab, calls: number): Promise<Waited[]> {
  const pools = await openPools(lab, PAID);
  for (const [entry, pool] of pools) await pool.fill(calls + 1).then(() => probe(lab, entry, pool));
  for (const name of NAMES) await lab.servers[name].set({ latencyMs: WAITS[name], record: true });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = new Map<Variant, number[]>(PAID.map((entry) => [entry, []]));
  for (let i = 0; i < calls; i++) {
    for (const [entry, list] of times) {
      const payment = await pools.get(entry)?.next();
      const headers: Record<string, string> = payment === undefined ? {} : { "payment-signature": payment };
      list.push(await timeCall(agent, urlOf(lab, entry), headers));
    }
  }
  agent.destroy();
  const taken = { facilitator: 0, upstream: 0, redis: 0 };
  for (const name of NAMES) {
    const seen = await lab.servers[name].set({});
    taken[name] = median(seen.map(({ at, answered }) => answered - at));
  }
  return [...times].map(([entry, list]) => summarize(entry.name, list, taken));
}

function summarize(name: string, list: number[], taken: typeof WAITS): Waited {
  const chain = CHAINS[name] ?? [];
  const sum = (waits: typeof WAITS) => chain.reduce((total, server) => total + waits[server], 0);
  const sorted = list.toSorted((a, b) => a - b);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  return { name, calls: list.length, chain, ideal: sum(WAITS), taken: sum(taken), p50: median(list), p99 };
}

/** Until the last byte of the answer, ms. */
export function timeCall(agent: Agent, url: string, headers: Record<string, string>): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve(performance.now() - started);
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    }).once("error", reject);
  });
}
