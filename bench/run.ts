/**
 * `npm run bench`: the gateway against a bare proxy and the x402 SDK's middleware, in one run on one machine.
 *
 *   --quick      two short rounds: does it work, not how fast is it
 *   --only NAME  one part: bundle, requests, free, unpaid, paid, waits, stores
 *   --write      keeps the result of a whole run: bench/results.json and the tables of docs/benchmarks.md
 */
import { parseArgs } from "node:util";
import { buildWorker, type Weight, WORKERS } from "./bundles.ts";
import { type Lab, startLab } from "./lab.ts";
import { measureRates } from "./rates.ts";
import { countRequests } from "./requests.ts";
import { describeMachine, keep, type Results, tablesOf } from "./results.ts";
import { measureStores } from "./stores.ts";
import { absoluteTable } from "./tables.ts";
import { FREE, PAID, UNPAID } from "./variants.ts";
import { measureWaits } from "./waits.ts";

const FULL = { rounds: 7, seconds: 3, warmUpSeconds: 3, calls: 120 };
const QUICK = { rounds: 2, seconds: 1, warmUpSeconds: 1, calls: 10 };

const { values: options } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, write: { type: "boolean" } },
});
const effort = options.quick ? QUICK : FULL;

/** What each part adds to the results. */
const PARTS: Record<string, (lab: Lab) => Promise<Partial<Results>>> = {
  requests: async (lab) => ({ requests: await countRequests(lab) }),
  free: async (lab) => ({ free: await measureRates(lab, FREE, effort) }),
  unpaid: async (lab) => ({ unpaid: await measureRates(lab, UNPAID, effort) }),
  paid: async (lab) => ({ paid: await measureRates(lab, PAID, effort) }),
  // Last, when all code is as fast as it gets.
  waits: async (lab) => ({ waits: await measureWaits(lab, effort.calls) }),
  stores: async (lab) => ({ stores: await measureStores(lab, effort.calls) }),
};

async function main(): Promise<void> {
  const { only } = options;
  if (only !== undefined && only !== "bundle" && !Object.hasOwn(PARTS, only))
    throw new Error(`--only takes bundle, ${Object.keys(PARTS).join(", ")}`);
  if (options.write && (only !== undefined || options.quick))
    throw new Error("--write keeps whole runs only: leave out --only and --quick");
  const results: Results = { machine: await describeMachine(effort) };
  const bundle: Weight[] = [];
  for (const worker of WORKERS) bundle.push(await buildWorker(worker));
  if (only === undefined || only === "bundle") report(results, { bundle });
  if (only !== "bundle") await measureAll(only, results);
  if (options.write) await keep(results);
}

async function measureAll(only: string | undefined, results: Results): Promise<void> {
  // Everything that is started goes down with this process, however that ends.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const lab = await startLab();
  try {
    for (const [name, measure] of Object.entries(PARTS))
      if (only === undefined || only === name) report(results, await measure(lab));
  } finally {
    await lab.stop();
  }
}

function report(results: Results, part: Partial<Results>): void {
  Object.assign(results, part);
  for (const [name, table] of Object.entries(tablesOf(part))) console.log(`\n## ${name}\n\n${table}`);
  for (const measured of [part.free, part.unpaid, part.paid])
    if (measured) console.log(`\nOn this machine:\n\n${absoluteTable(measured)}`);
}

await main();
