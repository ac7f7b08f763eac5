/** What watching costs: ledger, log and metrics, switched on one after the other; processor time, and what one call asks of the store. */
import { setTimeout as sleep } from "node:timers/promises";
import { seller } from "../dev/accounts.ts";
import type { Gateway } from "../dev/gateways/process.ts";
import { buildWorker, scriptOf } from "./bundles.ts";
import { commandsOf } from "./charges.ts";
import { type Server, startServer } from "./lab.ts";
import { Loader, type Round } from "./load.ts";
import { PaymentPool } from "./payments.ts";
import { createRunning } from "./running.ts";
import { ratio } from "./stats.ts";
import { machineLine, show, table } from "./tables.ts";
import { startWorker } from "./workerd.ts";

/** How long to measure. */
export type ObservingEffort = { rounds: number; seconds: number };

/** What one call by itself asks of the store: HTTP requests, commands in them, commands that the scripts give. */
type Asked = { requests: number; commands: number; inside: number };

/** One kind of call under one way of watching. */
export type Watched = { call: string; way: string; asked: Asked; rounds: Round[] };

/** What one run has measured of it. */
export type Observed = { machine: Record<string, string | number>; watched?: Watched[] };

/** Each has what the one before has. The first is the floor. */
const WAYS: Record<string, Record<string, string>> = {
  nothing: { LEDGER: "off", LOG_LEVEL: "silent" },
  ledger: { LOG_LEVEL: "silent" },
  "… and log": { LOG_LEVEL: "info" },
  "… and metrics": { LOG_LEVEL: "info", METRICS: "on" },
};
const CALLS = [
  { call: "free", path: "/free", status: 200 },
  { call: "402", path: "/paid", status: 402 },
  { call: "paid", path: "/paid", status: 200 },
];
/** Counts are written up to a second behind a call. */
const BEHIND_MS = 1500;
/** A call that an isolate's own statistics ride along with asks for more: the smallest of so many counts is without. */
const TIMES = 3;

type Variant = { watched: Watched; gateway: Gateway; path: string; status: number };

/** Ways take turns, round by round, so that what happens to the machine happens to all. */
export async function measureObserving({ rounds, seconds }: ObservingEffort): Promise<Watched[]> {
  await buildWorker("gateway");
  const { keep, stop } = createRunning();
  try {
    const upstream = keep(await startServer("upstream"));
    const facilitator = keep(await startServer("facilitator"));
    const store = keep(await startServer("redis"));
    const sales = { UPSTREAM_URL: upstream.url, FACILITATOR_URL: facilitator.url, PAY_TO: seller.address };
    const vars = { ...sales, REDIS_URL: store.url, REDIS_TOKEN: store.token };
    const variants: Variant[] = [];
    for (const [nth, [way, own]] of Object.entries(WAYS).entries()) {
      const gateway = keep(await startWorker(scriptOf("gateway"), { ...vars, ...own, PREFIX: `w${nth}` }));
      for (const { call, path, status } of CALLS) {
        const asked = await count(store, gateway.url + path, status);
        variants.push({ gateway, path, status, watched: { call, way, asked, rounds: [] } });
      }
    }
    const loader = new Loader();
    for (let round = -1; round < rounds; round++) {
      for (const { call } of CALLS) {
        for (const { watched, gateway, path, status } of variants.filter(
          (one) => one.watched.call === call,
        )) {
          const url = gateway.url + path;
          const pool = call === "paid" ? await PaymentPool.open(url) : undefined;
          const target = { name: `${call}, ${watched.way}`, url, pid: gateway.pid, status, pool };
          const burst = await loader.burst(target, seconds);
          // The first one warms up.
          if (round >= 0) watched.rounds.push(burst);
        }
      }
    }
    return variants.map(({ watched }) => watched);
  } finally {
    await stop();
  }
}

async function count(store: Server, url: string, status: number): Promise<Asked> {
  const servers = { redis: store };
  const counts: Asked[] = [];
  // The first one tells the store the scripts.
  for (let i = 0; i <= TIMES; i++) {
    const pool = status === 200 && url.endsWith("/paid") ? await PaymentPool.open(url) : undefined;
    const headers: Record<string, string> = pool ? { "payment-signature": await pool.next() } : {};
    await sleep(pool ? BEHIND_MS : 0);
    const before = await commandsOf({ servers });
    await store.set({ record: true });
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    if (response.status !== status) throw new Error(`${url} answered ${response.status}`);
    await sleep(BEHIND_MS);
    const seen = await store.set({ record: false });
    const commands = seen.flatMap(({ what }) => what.split(" ")).length;
    // The question itself is a command, too.
    const inside = (await commandsOf({ servers })) - before - commands - 1;
    if (i > 0) counts.push({ requests: seen.length, commands, inside });
  }
  const [least] = counts.sort((a, b) => a.commands - b.commands || a.inside - b.inside);
  return least ?? { requests: 0, commands: 0, inside: 0 };
}

/** The tables of what is there, by name. */
export function observingTablesOf({ machine, watched }: Observed): Record<string, string> {
  return {
    "observing-machine": machineLine(machine),
    ...(watched ? { observing: watchedTable(watched) } : {}),
  };
}

function watchedTable(watched: Watched[]): string {
  const rows = CALLS.flatMap(({ call }) => {
    const ways = watched.filter((one) => one.call === call);
    const floor = ways[0]?.rounds ?? [];
    return ways.map(({ way, asked, rounds }) => {
      const cpu = (of: Round[]) => of.map((round) => round.cpu);
      const against = rounds === floor ? "1" : show(ratio(cpu(rounds), cpu(floor)));
      return [call, way, against, ...[asked.requests, asked.commands, asked.inside].map(String)];
    });
  });
  return table(["call", "with", "CPU ÷ nothing", "store requests", "commands", "inside the scripts"], rows);
}
