/** The counts of days, as the page looks at them: added up, by a row and a column for each metric. */
import type { CounterName, HistogramName } from "../core/metrics.ts";
import { readSeries } from "../core/series.ts";
import type { Sums } from "../core/stores.ts";

/** What the page shows of all days together; nothing else is read but outcomes, by day. */
export const SHOWN_METRICS = [
  "payment_stages_total",
  "redis_requests_total",
  "request_duration_seconds",
  "settlement_duration_seconds",
  "upstream_duration_seconds",
  "facilitator_request_duration_seconds",
  "redis_request_duration_seconds",
] as const satisfies readonly (CounterName | HistogramName)[];

/** Numbers by row and column. */
export type Grid = Map<string, Map<string, number>>;

/**
 * A grid for each metric. Rows are the first label's values, columns the last label's, or of durations the buckets; of outcomes
 * rows are the days.
 */
export type Grids = Record<(typeof SHOWN_METRICS)[number] | "outcomes_total", Grid>;

/** Lays them out; counts of a version that knew others are left out. */
export function toGrids({ daily, whole }: Sums): Grids {
  const empty = Object.fromEntries(SHOWN_METRICS.map((name): [string, Grid] => [name, new Map()]));
  const grids = { ...empty, outcomes_total: daily } as Grids;
  for (const [text, amount] of whole) {
    const series = readSeries(text);
    const grid = series && empty[series.name];
    if (!grid) continue;
    const labels = Object.values(series.labels);
    const row = labels[0] ?? "";
    const column = series.kind === "histogram" ? series.part : (labels.at(-1) ?? "");
    const cells = grid.get(row) ?? new Map<string, number>();
    grid.set(row, cells.set(column, (cells.get(column) ?? 0) + amount));
  }
  return grids;
}

/** All rows as one. */
export function allOf(grid: Grid): Map<string, number> {
  const all = new Map<string, number>();
  for (const cells of grid.values())
    for (const [column, amount] of cells) all.set(column, (all.get(column) ?? 0) + amount);
  return all;
}

const WHOLE = new Intl.NumberFormat("en");

/** `12,345`. */
export function countText(count: number): string {
  return WHOLE.format(count);
}

/** `12.3%` of the whole; nothing of nothing. */
export function shareText(part: number, whole: number): string {
  return whole > 0 ? `${Number(((100 * part) / whole).toFixed(1))}%` : "";
}
