/** The tables of "Every way to charge". */
import type { Charged } from "./charges.ts";
import type { Quoted, Scanned } from "./quotes.ts";
import { median, ratio, spread } from "./stats.ts";
import type { Streamed, StreamRound } from "./streams.ts";
import { machineLine, show, table } from "./tables.ts";

/** What one run has measured of it. */
export type Ways = {
  machine: Record<string, string | number>;
  quotes?: Quoted[];
  scans?: Scanned[];
  streams?: Streamed[];
  charges?: Charged[];
};

const MIB = 1024 * 1024;

/** The tables of what is there, by name. */
export function wayTablesOf({ machine, quotes, scans, streams, charges }: Ways): Record<string, string> {
  return {
    "ways-machine": machineLine(machine),
    ...(quotes ? { quotes: quoteTable(quotes) } : {}),
    ...(scans ? { scans: scanTable(scans) } : {}),
    ...(streams ? { streams: streamTable(streams) } : {}),
    ...(charges ? { charges: chargeTable(charges) } : {}),
  };
}

function quoteTable(quotes: Quoted[]): string {
  const sizes = [...new Set(quotes.map(({ bytes }) => bytes))];
  const [first] = sizes;
  const rows = quotes
    .filter(({ bytes }) => bytes === first)
    .map(({ name, step }) => [
      step ? `– ${name}` : name,
      ...sizes.flatMap((size) => {
        const [floor] = quotes.filter(({ bytes }) => bytes === size);
        const rounds = quotes.find((one) => one.bytes === size && one.name === name)?.rounds ?? [];
        const against = rounds === floor?.rounds ? "1" : show(ratio(rounds, floor?.rounds ?? []));
        return [`${median(rounds).toFixed(1)} µs`, against];
      }),
    ]);
  const heads = sizes.flatMap((size) => [`${size / 1000} kB, CPU`, "÷ flat price"]);
  return table(["", ...heads], rows);
}

function scanTable(scans: Scanned[]): string {
  const sizes = [...new Set(scans.map(({ bytes }) => bytes))];
  const shapes = [...new Set(scans.map(({ shape }) => shape))];
  const rows = shapes.map((name) => {
    const found = sizes.map((size) => scans.find(({ shape, bytes }) => shape === name && bytes === size));
    return [
      name,
      ...found.map((one) => (one?.read ?? Number.NaN).toFixed(1)),
      ...found.map((one) => ((one?.read ?? Number.NaN) / (one?.parse ?? Number.NaN)).toFixed(1)),
    ];
  });
  const named = (size: number) => (size < 1e6 ? `${size / 1000} kB` : `${size / 1e6} MB`);
  const heads = [
    ...sizes.map((size) => `${named(size)}, ns a byte`),
    ...sizes.map((size) => `${named(size)}, ÷ JSON.parse`),
  ];
  return table(["a body of", ...heads], rows);
}

function streamTable(streams: Streamed[]): string {
  const rows = streams.map(({ runtime, name, rounds }) => {
    const floor = streams.find((one) => one.runtime === runtime);
    const pick = (of: StreamRound[], key: keyof StreamRound) => of.map((round) => round[key]);
    const against = (key: keyof StreamRound) =>
      rounds === floor?.rounds ? "1" : show(ratio(pick(rounds, key), pick(floor?.rounds ?? [], key)));
    const value = (key: keyof StreamRound, digits: number) => median(pick(rounds, key)).toFixed(digits);
    const grown = show(spread(pick(rounds, "grown").map((bytes) => bytes / MIB)));
    return [
      runtime,
      name,
      `${value("p50", 0)} µs`,
      against("p50"),
      `${value("p99", 0)} µs`,
      against("p99"),
      `${value("cpu", 2)} µs`,
      against("cpu"),
      grown,
    ];
  });
  const heads = ["p50", "p50 ÷ proxy", "p99", "p99 ÷ proxy", "CPU an event", "CPU ÷ proxy", "MiB grown by"];
  return table(["runtime", "", ...heads], rows);
}

function chargeTable(charges: Charged[]): string {
  const rows = charges.map(({ name, status, redisBefore, redisTotal, commands, inside, verify, settle }) =>
    [name, status, redisBefore, redisTotal, commands, inside, verify, settle].map(String),
  );
  const redis = [
    "Redis, waited for before the upstream",
    "Redis, in total",
    "commands",
    "inside the scripts",
  ];
  return table(["call", "status", ...redis, "`/verify`", "`/settle`"], rows);
}
