/** Keeping what was measured: the numbers as JSON, the tables in the documentation. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { promisify } from "node:util";
import type { Weight } from "./bundles.ts";
import { type Caching, cachingTablesOf } from "./caching-tables.ts";
import { type Cold, coldTable } from "./cold.ts";
import { type Boards, dashboardTablesOf } from "./dashboard.ts";
import { type Observed, observingTablesOf } from "./observing.ts";
import type { Measured } from "./rates.ts";
import type { Counted } from "./requests.ts";
import type { Added } from "./stores.ts";
import { bundleTable, machineLine, rateTable, requestTable, storeTable, waitTable } from "./tables.ts";
import type { Waited } from "./waits.ts";
import { type Ways, wayTablesOf } from "./way-tables.ts";

/** Everything one run has measured. */
export type Results = {
  machine: Record<string, string | number>;
  bundle?: Weight[];
  cold?: Cold[];
  requests?: Counted[];
  waits?: Waited[];
  stores?: Added[];
  free?: Measured[];
  unpaid?: Measured[];
  paid?: Measured[];
  /** Every way to charge; has a machine of its own, because it can be measured by itself. */
  ways?: Ways;
  /** As `ways`. */
  caching?: Caching;
  /** As `ways`. */
  dashboard?: Boards;
  /** As `ways`. */
  observing?: Observed;
};

const RESULTS = "bench/results.json";
const DOCUMENT = "docs/benchmarks.md";

const run = promisify(execFile);

/** What the numbers depend on. */
export async function describeMachine(effort: Record<string, number>): Promise<Results["machine"]> {
  const workerd: { version: string } = createRequire(import.meta.url)(
    "@cloudflare/workerd-linux-64/package.json",
  );
  const { dependencies, devDependencies } = JSON.parse(await readFile("package.json", "utf8"));
  return {
    commit: await commit(),
    date: new Date().toISOString().slice(0, 10),
    cores: cpus().length,
    workerd: workerd.version,
    hono: dependencies.hono,
    "@x402/hono": devDependencies["@x402/hono"],
    node: process.versions.node,
    ...effort,
  };
}

/** What was measured, with `-dirty` when it was not quite that; copies without a history have none. */
async function commit(): Promise<string> {
  const asked = run("git", ["describe", "--always", "--dirty", "--exclude=*"]);
  return asked.then(
    ({ stdout }) => stdout.trim(),
    () => "unknown",
  );
}

/** Writes the numbers and the tables of what was measured as a whole: parts of several runs would not be comparable. */
export async function keep(results: Partial<Results>): Promise<void> {
  const known: Results = JSON.parse(await readFile(RESULTS, "utf8"));
  await writeFile(RESULTS, `${JSON.stringify({ ...known, ...results }, null, 2)}\n`);
  const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
  await run(process.execPath, [biome, "format", "--write", RESULTS]);
  let text = await readFile(DOCUMENT, "utf8");
  for (const [name, table] of Object.entries(tablesOf(results))) text = replace(text, name, table);
  await writeFile(DOCUMENT, text);
}

/** The tables of what is there, by name. */
export function tablesOf(results: Partial<Results>): Record<string, string> {
  const {
    machine,
    bundle,
    cold,
    requests,
    waits,
    stores,
    free,
    unpaid,
    paid,
    ways,
    caching,
    dashboard,
    observing,
  } = results;
  return {
    ...(machine ? { machine: machineLine(machine) } : {}),
    ...(bundle ? { bundle: bundleTable(bundle) } : {}),
    ...(cold ? { cold: coldTable(cold) } : {}),
    ...(requests ? { requests: requestTable(requests) } : {}),
    ...(waits ? { waits: waitTable(waits) } : {}),
    ...(stores ? { stores: storeTable(stores) } : {}),
    ...(free ? { free: rateTable(free) } : {}),
    ...(unpaid ? { unpaid: rateTable(unpaid) } : {}),
    ...(paid ? { paid: rateTable(paid) } : {}),
    ...(ways ? wayTablesOf(ways) : {}),
    ...(caching ? cachingTablesOf(caching) : {}),
    ...(dashboard ? dashboardTablesOf(dashboard) : {}),
    ...(observing ? observingTablesOf(observing) : {}),
  };
}

function replace(text: string, name: string, table: string): string {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`${DOCUMENT} has no place for the table "${name}"`);
  return `${text.slice(0, start + open.length)}\n${table}\n${text.slice(end)}`;
}
