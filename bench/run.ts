/**
 * `npm run bench`: the gateway against a bare proxy and the x402 SDK's middleware, in one run on one machine.
 *
 *   --quick      two short rounds: does it work, not how fast is it
 *   --only NAME  one part: bundle, cold, requests, free, unpaid, paid, waits, stores, ways, or of ways: quotes, streams, charges; or caching, dashboard, observing
 *   --write      keeps the result of a whole run, of all ways, of caching, dashboard, observing, cold, bundle or requests: bench/results.json and the tables of docs/benchmarks.md
 */
import { parseArgs } from "node:util";
import { buildWorker, type Weight, WORKERS } from "./bundles.ts";
import { cachingTablesOf } from "./caching-tables.ts";
import { measureCold } from "./cold.ts";
import { dashboardTablesOf, measureDashboard } from "./dashboard.ts";
import { type Lab, startLab } from "./lab.ts";
import { measureCaching } from "./measure-caching.ts";
import { measureWays, WAY_PARTS } from "./measure-ways.ts";
import { measureObserving, observingTablesOf } from "./observing.ts";
import { measureRates } from "./rates.ts";
import { countRequests } from "./requests.ts";
import { describeMachine, keep, type Results, tablesOf } from "./results.ts";
import { measureStores } from "./stores.ts";
import { absoluteTable } from "./tables.ts";
import { FREE, PAID, UNPAID } from "./variants.ts";
import { measureWaits } from "./waits.ts";
import { type Ways, wayTablesOf } from "./way-tables.ts";

const FULL = { rounds: 7, seconds: 3, warmUpSeconds: 3, calls: 120 };
const QUICK = { rounds: 2, seconds: 1, warmUpSeconds: 1, calls: 10 };
const WAYS_FULL = { rounds: 7, calls: 200, paced: 1000, flood: 200_000 };
const WAYS_QUICK = { rounds: 2, calls: 20, paced: 50, flood: 10_000 };

const CACHING_FULL = { rounds: 5, calls: 120, bodies: 20_000_000 };
const CACHING_QUICK = { rounds: 2, calls: 10, bodies: 2_000_000 };
const DASHBOARD_FULL = { rounds: 7, pages: 20 };
const OBSERVING_FULL = { rounds: 5, seconds: 2 };
const OBSERVING_QUICK = { rounds: 2, seconds: 1 };
const DASHBOARD_QUICK = { rounds: 2, pages: 3 };

/** Parts that have a laboratory of their own, and can be kept by themselves. */
const APART = ["caching", "dashboard", "observing"];

/** Parts that compare nothing with other parts: counts, and ratios of their own. */
const ALONE = ["bundle", "cold", "requests"];

const { values: options } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, write: { type: "boolean" } },
});
const effort = options.quick ? QUICK : FULL;
const waysEffort = options.quick ? WAYS_QUICK : WAYS_FULL;

/** What each part adds to the results. */
const PARTS: Record<string, (lab: Lab) => Promise<Partial<Results>>> = {
  cold: async (lab) => ({ cold: await measureCold(lab, effort) }),
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
  const names = ["bundle", ...Object.keys(PARTS), "ways", ...WAY_PARTS, ...APART];
  if (only !== undefined && !names.includes(only)) throw new Error(`--only takes ${names.join(", ")}`);
  const isWhole = only === undefined || only === "ways" || [...APART, ...ALONE].includes(only);
  if (options.write && (!isWhole || options.quick))
    throw new Error(
      "--write keeps whole runs, all ways, bundle, cold, requests, caching, dashboard or observing: leave out --only and --quick",
    );
  // Everything that is started goes down with this process, however that ends.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const ways = WAY_PARTS.filter((part) => only === undefined || only === "ways" || only === part);
  const others = only === undefined || (ways.length === 0 && !APART.includes(only));
  const measured: Partial<Results> = others ? await measureAll(only) : {};
  if (ways.length > 0) measured.ways = await measureEveryWay(ways);
  if (only === undefined || only === "caching") {
    const effort = options.quick ? CACHING_QUICK : CACHING_FULL;
    const machine = await describeMachine(effort);
    measured.caching = {
      machine,
      ...(await measureCaching(effort, (part) => print(cachingTablesOf({ machine, ...part })))),
    };
  }
  if (only === undefined || only === "dashboard") {
    const effort = options.quick ? DASHBOARD_QUICK : DASHBOARD_FULL;
    measured.dashboard = { machine: await describeMachine(effort), pages: await measureDashboard(effort) };
    print(dashboardTablesOf(measured.dashboard));
  }
  if (only === undefined || only === "observing") {
    const effort = options.quick ? OBSERVING_QUICK : OBSERVING_FULL;
    measured.observing = { machine: await describeMachine(effort), watched: await measureObserving(effort) };
    print(observingTablesOf(measured.observing));
  }
  // The machine's line is about what was measured on it together.
  if (only !== undefined) delete measured.machine;
  if (options.write) await keep(measured);
}

async function measureEveryWay(parts: readonly string[]): Promise<Ways> {
  const machine = await describeMachine(waysEffort);
  const measured = await measureWays(parts, waysEffort, (part) => print(wayTablesOf({ machine, ...part })));
  return { machine, ...measured };
}

async function measureAll(only: string | undefined): Promise<Results> {
  const results: Results = { machine: await describeMachine(effort) };
  const bundle: Weight[] = [];
  for (const worker of WORKERS) bundle.push(await buildWorker(worker));
  if (only === undefined || only === "bundle") report(results, { bundle });
  if (only !== "bundle") await measureInLab(only, results);
  return results;
}

async function measureInLab(only: string | undefined, results: Results): Promise<void> {
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
  print(tablesOf(part));
  for (const measured of [part.free, part.unpaid, part.paid])
    if (measured) console.log(`\nOn this machine:\n\n${absoluteTable(measured)}`);
}

function print(tables: Record<string, string>): void {
  for (const [name, table] of Object.entries(tables)) console.log(`\n## ${name}\n\n${table}`);
}

await main();
