/**
 * `node bench/observing.ts [--quick]`: what watching costs. One worker, started three times with other variables: silent, with the
 * log, and with the log and the metrics; processor time for each call as a ratio to the silent one, and the requests to the store that each call adds.
 */
import { parseArgs } from "node:util";
import { seller } from "../dev/accounts.ts";
import type { Gateway } from "../dev/gateways/process.ts";
import { buildWorker, scriptOf } from "./bundles.ts";
import { type Server, startServer } from "./lab.ts";
import { Loader, type Round } from "./load.ts";
import { PaymentPool } from "./payments.ts";
import { median, ratio } from "./stats.ts";
import { startWorker } from "./workerd.ts";

const WAYS = {
  silent: {},
  log: { LOG_LEVEL: "info" },
  "log and metrics": { LOG_LEVEL: "info", METRICS: "on" },
};
const CALLS = [
  { name: "free", path: "/free", status: 200 },
  { name: "402", path: "/paid", status: 402 },
  { name: "paid", path: "/paid", status: 200 },
];

type Cost = Round & { requests: number };
type Way = { name: string; gateway: Gateway; costs: Map<string, Cost[]> };

const { quick } = parseArgs({ options: { quick: { type: "boolean" } } }).values;
const { rounds, seconds } = quick ? { rounds: 2, seconds: 2 } : { rounds: 7, seconds: 3 };

/** Rounds take turns, so that what happens to the machine happens to all. */
async function measure(ways: Way[], store: Server): Promise<void> {
  const loader = new Loader();
  for (let round = -1; round < rounds; round++) {
    for (const { name: call, path, status } of CALLS) {
      for (const { name, gateway, costs } of ways) {
        const url = gateway.url + path;
        const pool = call === "paid" ? await PaymentPool.open(url) : undefined;
        await store.set({ record: true, latencyMs: 0 });
        const target = { name: `${call}, ${name}`, url, pid: gateway.pid, status, pool };
        const burst = await loader.burst(target, seconds);
        const seen = await store.set({ record: false, latencyMs: 0 });
        const cost = { ...burst, requests: seen.length / (burst.rps * seconds) };
        // The first one warms up.
        if (round >= 0) costs.set(call, [...(costs.get(call) ?? []), cost]);
      }
    }
  }
}

function table([silent, ...others]: Way[]): string {
  const lines = CALLS.flatMap(({ name: call }) => {
    const base = silent?.costs.get(call) ?? [];
    return others.map(({ name, costs }) => {
      const own = costs.get(call) ?? [];
      const cpu = ratio(
        own.map((cost) => cost.cpu),
        base.map((cost) => cost.cpu),
      );
      const added = median(own.map((cost) => cost.requests)) - median(base.map((cost) => cost.requests));
      const spread = `${cpu.median.toFixed(2)} (${cpu.min.toFixed(2)}..${cpu.max.toFixed(2)})`;
      return `| ${call} | ${name} | ${spread} | ${added.toFixed(4)} |`;
    });
  });
  return ["| call | watched by | CPU ÷ silent | store requests added |", "|---|---|---|---|", ...lines].join(
    "\n",
  );
}

await buildWorker("gateway");
const [upstream, facilitator] = [await startServer("upstream"), await startServer("facilitator")];
const store = await startServer("redis");
const vars = {
  UPSTREAM_URL: upstream.url,
  FACILITATOR_URL: facilitator.url,
  PAY_TO: seller.address,
  REDIS_URL: store.url,
  REDIS_TOKEN: store.token,
};
const ways: Way[] = [];
try {
  for (const [name, own] of Object.entries(WAYS)) {
    const gateway = await startWorker(scriptOf("gateway"), { ...vars, LOG_LEVEL: "silent", ...own });
    ways.push({ name, gateway, costs: new Map() });
  }
  await measure(ways, store);
  console.log(table(ways));
} finally {
  for (const { gateway } of ways) await gateway.stop();
  for (const server of [store, upstream, facilitator]) await server.stop();
}
