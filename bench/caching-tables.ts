/** The tables of "The response cache". */
import { type Asked, type Kept, UPSTREAM_MS } from "./caching.ts";
import type { Burnt } from "./caching-cpu.ts";
import { median, ratio } from "./stats.ts";
import { machineLine, show, table } from "./tables.ts";

/** What one run has measured of it. */
export type Caching = {
  machine: Record<string, string | number>;
  counts?: Asked[];
  waits?: Kept[];
  bodies?: Burnt[];
};

/** The tables of what is there, by name. */
export function cachingTablesOf({ machine, counts, waits, bodies }: Caching): Record<string, string> {
  return {
    "caching-machine": machineLine(machine),
    ...(counts ? { "caching-counts": countTable(counts) } : {}),
    ...(waits ? { "caching-waits": waitTable(waits) } : {}),
    ...(bodies ? { "caching-bodies": bodyTable(bodies) } : {}),
  };
}

function countTable(counts: Asked[]): string {
  const rows = counts.map(({ name, redisBefore, redisTotal, commands, inside, upstream }) =>
    [name, redisBefore, redisTotal, commands, inside, upstream].map(String),
  );
  const heads = ["Redis, waited for before the upstream or the answer", "Redis, in total", "commands"];
  return table(["call", ...heads, "inside the scripts", "upstream"], rows);
}

function waitTable(waits: Kept[]): string {
  const rows = waits.map(({ name, distance, store, upstream, p50, p99 }) => {
    const floor = waits.find((one) => one.distance === distance)?.p50 ?? Number.NaN;
    const waited = name === "hit" ? store : name === "miss" ? store + upstream : upstream;
    const times = [distance, waited, p50, p50 - waited, p99].map((ms) => ms.toFixed(1));
    return [name, ...times, p50 === floor ? "1" : (p50 / floor).toFixed(2)];
  });
  const heads = ["store", "waits, measured", "p50", "p50 − waits", "p99", "p50 ÷ proxy"];
  return table([`ms; upstream ${UPSTREAM_MS}`, ...heads], rows);
}

function bodyTable(bodies: Burnt[]): string {
  const rows = bodies.map(({ runtime, kind, bytes, name, rounds, sent, received }) => {
    const same = bodies.filter((one) => one.runtime === runtime && one.kind === kind && one.bytes === bytes);
    const against = rounds === same[0]?.rounds ? "1" : show(ratio(rounds, same[0]?.rounds ?? []));
    const kb = (size: number) => (size === 0 ? "–" : (size / 1000).toFixed(1));
    return [
      runtime,
      `${bytes / 1000} kB ${kind}`,
      name,
      `${median(rounds).toFixed(0)} µs`,
      against,
      kb(sent),
      kb(received),
    ];
  });
  return table(["runtime", "body", "", "CPU", "CPU ÷ proxy", "kB to the store", "kB from it"], rows);
}
