/** What the stores add to a call at different distances, next to the same call without them. */
import { Agent } from "node:http";
import type { Lab } from "./lab.ts";
import { PaymentPool } from "./payments.ts";
import { median } from "./stats.ts";
import { timeCall } from "./waits.ts";

/** How far the store is, ms for each request. */
export const DISTANCES_MS = [1, 5, 20] as const;

/** One kind of call at one distance; times in ms, those that were added are over the same call without a store. */
export type Added = { name: string; distance: number; taken: number; p50: number; p99: number };

type Kind = { name: string; without?: string; headers: () => Promise<Record<string, string>>; url: string };
type Times = Map<string, number[]>;

/** Makes `calls` sequential calls of every kind at every distance, taking turns. */
export async function measureStores(lab: Lab, calls: number): Promise<Added[]> {
  const kinds = await openKinds(lab);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const results: Added[] = [];
  for (const distance of DISTANCES_MS) {
    await lab.servers.redis.set({ latencyMs: distance, record: true });
    const times: Times = new Map(kinds.map(({ name }) => [name, []]));
    for (let i = 0; i < calls; i++) {
      for (const { name, url, headers } of kinds)
        times.get(name)?.push(await timeCall(agent, url, await headers()));
    }
    const seen = await lab.servers.redis.set({ latencyMs: 0, record: false });
    const taken = median(seen.map(({ at, answered }) => answered - at));
    for (const { name, without } of kinds)
      if (without) results.push({ name, distance, taken, ...addedTo(times, name, without) });
  }
  agent.destroy();
  return results;
}

function addedTo(times: Times, name: string, without: string): { p50: number; p99: number } {
  const [own = [], base = []] = [times.get(name), times.get(without)];
  return { p50: median(own) - median(base), p99: percentile99(own) - percentile99(base) };
}

function percentile99(list: number[]): number {
  return list.toSorted((a, b) => a - b)[Math.ceil(list.length * 0.99) - 1] ?? 0;
}

async function openKinds(lab: Lab): Promise<Kind[]> {
  const { gateway, sdk } = lab.workers;
  const paying = async (url: string) => {
    const pool = await PaymentPool.open(url);
    return async () => ({ "payment-signature": await pool.next() });
  };
  const nothing = async () => ({});
  const timed = `${gateway.url}/timed`;
  const opened = await fetch(timed, { headers: await (await paying(timed))() });
  await opened.arrayBuffer();
  const session = opened.headers.get("tollbooth-session");
  if (!session) throw new Error(`no session: ${opened.status}`);
  return [
    { name: "free", url: `${gateway.url}/free`, headers: nothing },
    { name: "free, two limits", without: "free", url: `${gateway.url}/limited`, headers: nothing },
    {
      name: "within paid time",
      without: "free",
      url: timed,
      headers: async () => ({ "tollbooth-session": session }),
    },
    { name: "sdk, upfront", url: `${sdk.url}/upfront`, headers: await paying(`${sdk.url}/upfront`) },
    {
      name: "paid",
      without: "sdk, upfront",
      url: `${gateway.url}/paid`,
      headers: await paying(`${gateway.url}/paid`),
    },
    {
      name: "paid, two limits, answer kept",
      without: "sdk, upfront",
      url: `${gateway.url}/everything`,
      headers: await paying(`${gateway.url}/everything`),
    },
  ];
}
