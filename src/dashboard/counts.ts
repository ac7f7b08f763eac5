/** The counts of days, as the page looks at them: added up, by a row and a column for each metric. */
import type { CounterName, HistogramName } from "../core/metrics.ts";
import { type Counts, readSeries, type Series } from "../core/series.ts";

/** What the page shows; nothing else is read. */
export const SHOWN_METRICS = [
  "outcomes_total",
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
 * A grid for each metric. Rows are the first label's values, of outcomes the days; columns the last label's, of durations the
 * buckets.
 */
export type Grids = Record<(typeof SHOWN_METRICS)[number], Grid>;

/** Adds them up over the days; counts of a version that knew others are left out. */
export function toGrids(days: Map<string, Counts>): Grids {
  const grids = Object.fromEntries(SHOWN_METRICS.map((name) => [name, new Map()])) as unknown as Grids;
  // The same series come back every day.
  const known = new Map<string, Series | undefined>();
  for (const [day, counts] of days) {
    for (const [text, amount] of counts) {
      if (!known.has(text)) known.set(text, readSeries(text));
      const series = known.get(text);
      const grid = series && Object.hasOwn(grids, series.name) && grids[series.name as keyof Grids];
      if (!series || !grid) continue;
      const labels = Object.values(series.labels);
      const row = series.name === "outcomes_total" ? day : (labels[0] ?? "");
      const column = series.kind === "histogram" ? series.part : (labels.at(-1) ?? "");
      const cells = grid.get(row) ?? new Map<string, number>();
      grid.set(row, cells.set(column, (cells.get(column) ?? 0) + amount));
    }
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
