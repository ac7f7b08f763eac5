/** What a call asks of others, counted and not timed: every server writes down what it got and when it had answered. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "./lab.ts";
import type { Seen } from "./servers.ts";
import { openPools, PAID, UNPAID, urlOf, type Variant } from "./variants.ts";

/** The requests behind one call. */
export type Counted = {
  name: string;
  status: number;
  /** HTTP requests to Redis that were waited for before the upstream was asked (or, without it, before the answer). */
  redisBefore: number;
  redisTotal: number;
  verify: number;
  settle: number;
  upstream: number;
};

/** Long enough that an answer which was not waited for cannot have come before what followed. */
const LATENCY_MS = 40;
/** For the writes behind the answer. */
const QUIET_MS = 400;

/** Counts for every kind of call; the isolates are warm, as almost all are. */
export async function countRequests(lab: Lab): Promise<Counted[]> {
  const unpaid = UNPAID.filter(({ worker }) => worker !== "proxy").map((entry) => ({
    ...entry,
    name: `${entry.name}, 402`,
  }));
  const free = (["sdk", "gateway"] as const).map((worker): Variant => {
    return { name: `${worker}, free`, worker, path: "/free", status: 200, paid: false };
  });
  const paid = PAID.filter((entry) => entry.paid);
  const pools = await openPools(lab, paid);
  const counted: Counted[] = [];
  for (const entry of [...free, ...unpaid, ...paid]) {
    const payment = await pools.get(entry)?.next();
    counted.push(await count(lab, entry.name, urlOf(lab, entry), payment));
    if (payment === undefined) continue;
    counted.push(await count(lab, `${entry.name}, presented again`, urlOf(lab, entry), payment));
  }
  return counted;
}

async function count(lab: Lab, name: string, url: string, payment: string | undefined): Promise<Counted> {
  const { upstream, facilitator, redis } = lab.servers;
  const servers = [upstream, facilitator, redis];
  for (const server of servers) await server.set({ record: true, latencyMs: LATENCY_MS });
  const response = await fetch(
    url,
    payment === undefined ? {} : { headers: { "payment-signature": payment } },
  );
  await response.arrayBuffer();
  const answeredAt = Number(process.hrtime.bigint()) / 1e6;
  await sleep(QUIET_MS);
  const [calls = [], asked = [], stored = []] = await Promise.all(servers.map((server) => server.set({})));
  const times = (list: Seen[], what: string) => list.filter((entry) => entry.what === what).length;
  const end = calls[0]?.at ?? answeredAt;
  return {
    name,
    status: response.status,
    redisBefore: stored.filter(({ answered }) => answered < end).length,
    redisTotal: stored.length,
    verify: times(asked, "verify"),
    settle: times(asked, "settle"),
    upstream: calls.length,
  };
}
