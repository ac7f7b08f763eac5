/** The results as Markdown tables: the same in the terminal and in docs/benchmarks.md. */
import type { Weight } from "./bundles.ts";
import type { Round } from "./load.ts";
import type { Measured } from "./rates.ts";
import type { Counted } from "./requests.ts";
import { median, ratio, type Spread } from "./stats.ts";
import type { Added } from "./stores.ts";
import { WAITS, type Waited } from "./waits.ts";

const FEWEST_BYTES_SHOWN = 2048;

/** Ratios of every variant to the floor (the first) and to the SDK (the second), and processor time per request. */
export function rateTable(measured: Measured[]): string {
  const [floor, sdk] = measured;
  const rows = measured.map(({ name, rounds }) => {
    const against = (key: keyof Round, base: Measured | undefined) =>
      base ? show(ratio(pick(rounds, key), pick(base.rounds, key))) : "";
    const itself = (key: keyof Round) => (rounds === floor?.rounds ? "1" : against(key, floor));
    const toSdk = (key: keyof Round) => (rounds === sdk?.rounds ? "1" : against(key, sdk));
    const cpu = median(pick(rounds, "cpu")).toFixed(0);
    return [
      name,
      itself("rps"),
      toSdk("rps"),
      itself("p50"),
      itself("p99"),
      `${cpu} µs`,
      itself("cpu"),
      toSdk("cpu"),
    ];
  });
  const heads = [
    "",
    "rate ÷ floor",
    "rate ÷ sdk",
    "p50 ÷ floor",
    "p99 ÷ floor",
    "CPU",
    "CPU ÷ floor",
    "CPU ÷ sdk",
  ];
  return table(heads, rows);
}

/** What was measured itself, good on one machine only. */
export function absoluteTable(measured: Measured[]): string {
  const rows = measured.map(({ name, rounds }) => {
    const value = (key: keyof Round) => median(pick(rounds, key)).toFixed(0);
    return [name, value("rps"), `${value("p50")} µs`, `${value("p99")} µs`, `${value("cpu")} µs`];
  });
  return table(["", "requests/s", "p50", "p99", "CPU"], rows);
}

/** Paid calls with waits. */
export function waitTable(waited: Waited[]): string {
  const rows = waited.map(({ name, chain, ideal, taken, p50, p99 }) => {
    const sum = chain.map((server) => WAITS[server]).join(" + ");
    const total = chain.length > 1 ? `${sum} = ${ideal}` : sum;
    const times = [taken, p50, p50 - ideal, p50 - taken, p99].map((ms) => ms.toFixed(1));
    return [name, total, ...times];
  });
  return table(["ms", "waits asked for", "waits taken", "p50", "p50 − asked", "p50 − taken", "p99"], rows);
}

/** What the stores add. */
export function storeTable(added: Added[]): string {
  const rows = added.map(({ name, distance, taken, p50, p99 }) => [
    name,
    ...[distance, taken, p50, p50 - taken, p99].map((ms) => ms.toFixed(1)),
  ]);
  return table(
    ["ms", "store", "its wait, measured", "added, p50", "of that not the wait", "added, p99"],
    rows,
  );
}

/** Requests by kind of call. */
export function requestTable(counted: Counted[]): string {
  const rows = counted.map(({ name, status, redisBefore, redisTotal, verify, settle, upstream }) =>
    [name, status, redisBefore, redisTotal, verify, settle, upstream].map(String),
  );
  const redis = ["Redis, waited for before the upstream", "Redis, in total"];
  return table(["call", "status", ...redis, "`/verify`", "`/settle`", "upstream"], rows);
}

/** Bundles as a whole, then by package. */
export function bundleTable(weights: Weight[]): string {
  const whole = weights.map(({ worker, minified, gzipped }) => [worker, kib(minified), kib(gzipped)]);
  const sizes = weights.map(({ packages }) => new Map(packages));
  const names = [...new Set(weights.flatMap(({ packages }) => packages.map(([name]) => name)))]
    .filter((name) => sizes.some((size) => (size.get(name) ?? 0) >= FEWEST_BYTES_SHOWN))
    .sort((a, b) => (sizes[0]?.get(b) ?? 0) - (sizes[0]?.get(a) ?? 0));
  const parts = names.map((name) => [
    name === "own code" ? name : `\`${name}\``,
    ...sizes.map((size) => (size.has(name) ? kib(size.get(name) ?? 0) : "–")),
  ]);
  const byPackage = table(["minified, by package", ...weights.map(({ worker }) => worker)], parts);
  return `${table(["", "minified", "gzipped"], whole)}\n\n${byPackage}`;
}

/** What the numbers depend on, as a sentence. */
export function machineLine(machine: Record<string, string | number>): string {
  return `${Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")}.`;
}

function pick(rounds: Round[], key: keyof Round): number[] {
  return rounds.map((round) => round[key]);
}

/** A median and its range. */
export function show({ median: middle, min, max }: Spread): string {
  const digits = middle < 10 ? 2 : 1;
  return `${middle.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

/** A table with columns of even width. */
export function table(heads: string[], rows: string[][]): string {
  const columns = heads.map((head, i) => [head, ...rows.map((row) => row[i] ?? "")]);
  const widths = columns.map((cells) => Math.max(3, ...cells.map((cell) => cell.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(heads), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
