/** A cold start: how long a worker's modules take to evaluate, and its first requests, each in a process just started. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { seller } from "../dev/accounts.ts";
import type { Gateway } from "../dev/gateways/process.ts";
import { scriptOf, WORKERS, type WorkerName } from "./bundles.ts";
import type { Lab } from "./lab.ts";
import { median, ratio } from "./stats.ts";
import { show, table } from "./tables.ts";
import { scheduledMicroseconds, startWorker } from "./workerd.ts";

/**
 * One start, ms. `modules`: processor time to load and evaluate them, which is what it takes until
 * the process listens, over a worker without any. Of the first request, free or answered
 * 402, the time and the processor time; `later` is a second 402.
 */
type Start = Record<"modules" | "free" | "freeCpu" | "unpaid" | "unpaidCpu" | "later", number>;

/** The starts of one worker, by round. */
export type Cold = { worker: WorkerName; starts: Start[] };

const UNPAID: Record<WorkerName, string> = { gateway: "/paid", sdk: "/paid", proxy: "/static-402" };
/** Does nothing: what a process takes without any modules of ours. */
const EMPTY = "export default { fetch: () => new Response() };\n";

/** Starts each worker anew in every round, twice: once for a free call, once for one that is answered 402. */
export async function measureCold({ servers }: Lab, { rounds }: { rounds: number }): Promise<Cold[]> {
  const api = { UPSTREAM_URL: servers.upstream.url };
  const sales = { ...api, FACILITATOR_URL: servers.facilitator.url, PAY_TO: seller.address };
  const store = { REDIS_URL: servers.redis.url, REDIS_TOKEN: servers.redis.token };
  const bare = ["no_nodejs_compat", "no_nodejs_compat_v2"];
  const vars: Record<WorkerName, Record<string, string>> = {
    gateway: { ...sales, ...store },
    sdk: sales,
    proxy: api,
  };
  const flags: Record<WorkerName, string[] | undefined> = {
    gateway: undefined,
    sdk: ["nodejs_compat"],
    proxy: bare,
  };
  const start = (worker: WorkerName) => startWorker(scriptOf(worker), vars[worker], flags[worker]);
  const cold = WORKERS.map((worker): Cold => ({ worker, starts: [] }));
  const empty = resolve(".build/bench/empty.js");
  await writeFile(empty, EMPTY);
  // The first round warms the disk's cache and is not kept.
  for (let round = -1; round < rounds; round += 1) {
    const nothing = await startWorker(empty, {}, bare);
    const base = await scheduledMicroseconds(nothing.pid);
    await nothing.stop();
    for (const { worker, starts } of cold) {
      const first = await start(worker);
      const modules = ((await scheduledMicroseconds(first.pid)) - base) / 1000;
      const free = await timed(first, "/free", 200);
      await first.stop();
      const second = await start(worker);
      const unpaid = await timed(second, UNPAID[worker], 402);
      const later = await timed(second, UNPAID[worker], 402);
      await second.stop();
      if (round < 0) continue;
      const times = {
        free: free.ms,
        freeCpu: free.cpu,
        unpaid: unpaid.ms,
        unpaidCpu: unpaid.cpu,
        later: later.ms,
      };
      starts.push({ modules, ...times });
    }
  }
  return cold;
}

async function timed(
  { url, pid }: Gateway,
  path: string,
  status: number,
): Promise<{ ms: number; cpu: number }> {
  const cpu = await scheduledMicroseconds(pid);
  const began = performance.now();
  const response = await fetch(url + path);
  await response.arrayBuffer();
  const ms = performance.now() - began;
  if (response.status !== status) throw new Error(`${path} answered ${response.status}`);
  return { ms, cpu: ((await scheduledMicroseconds(pid)) - cpu) / 1000 };
}

/** Medians, and ratios to the bare proxy. */
export function coldTable(cold: Cold[]): string {
  const floor = cold.find(({ worker }) => worker === "proxy")?.starts ?? [];
  const rows = cold.map(({ worker, starts }) => [
    worker,
    ...(["modules", "free", "freeCpu", "unpaid", "unpaidCpu", "later"] as const).map((key) => {
      const values = starts.map((start) => start[key]);
      const own = median(values).toFixed(1);
      return worker === "proxy"
        ? own
        : `${own} · ${show(
            ratio(
              values,
              floor.map((start) => start[key]),
            ),
          )}`;
    }),
  ]);
  const heads = ["CPU of its modules", "first free call", "its CPU", "first 402", "its CPU", "later 402"];
  return table(["ms · ÷ proxy", ...heads], rows);
}
