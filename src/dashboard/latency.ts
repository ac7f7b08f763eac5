/** How long things took, from the buckets in which they were counted. */
import { HISTOGRAMS, type HistogramName } from "../core/metrics.ts";
import { allOf, countText, type Grid, type Grids, shareText } from "./counts.ts";
import { html, type Markup } from "./html.ts";
import { MOST_ROUTES, right, table } from "./tables.ts";

type Cells = Map<string, number>;

const QUANTILES = [0.5, 0.9, 0.99];
const HEAD = QUANTILES.map((q) => right(`p${q * 100}`));

/**
 * The duration in seconds that a share `q` of all did not exceed, as Prometheus' `histogram_quantile` has it: spread evenly
 * within a bucket, the lowest of which begins at 0. Infinity in the open bucket, NaN where nothing was counted.
 */
export function quantile(cells: Cells, bounds: readonly number[], q: number): number {
  const counts = [...bounds.map(String), "+Inf"].map((part) => cells.get(part) ?? 0);
  const rank = q * counts.reduce((sum, count) => sum + count, 0);
  if (rank === 0) return Number.NaN;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const [low, high] = [bounds[i - 1] ?? 0, bounds[i] ?? Number.POSITIVE_INFINITY];
      return high === Number.POSITIVE_INFINITY ? high : low + ((high - low) * (rank - below)) / count;
    }
    below += count;
  }
  return Number.POSITIVE_INFINITY;
}

/** Calls by route, and what they wait for. */
export function latencies(grids: Grids): Markup {
  const calls = grids.request_duration_seconds;
  const routes = [...calls].sort(([, a], [, b]) => countOf(b) - countOf(a));
  const rows = [
    row("request_duration_seconds", "All routes", allOf(calls)),
    ...routes.slice(0, MOST_ROUTES).map(([route, cells]) => row("request_duration_seconds", route, cells)),
  ];
  const named = (name: HistogramName, grid: Grid, title: (label: string) => string) =>
    [...grid].map(([label, cells]) => row(name, title(label), cells));
  const waits = [
    ...named("settlement_duration_seconds", grids.settlement_duration_seconds, () => "Settlement"),
    ...named(
      "facilitator_request_duration_seconds",
      grids.facilitator_request_duration_seconds,
      (endpoint) => `Facilitator: ${endpoint}`,
    ),
    ...named(
      "upstream_duration_seconds",
      grids.upstream_duration_seconds,
      (upstream) => `Upstream: ${upstream}`,
    ),
  ];
  const caption = `Until the answer began: ${rows.length - 1} routes of ${routes.length}`;
  return html`<p class=note>Half of the calls took no longer than p50, 99 of a hundred no longer than p99; estimated from the buckets of the metrics.</p>
${table(caption, ["Route", right("Calls"), ...HEAD], rows)}${table("What calls wait for", ["Wait", right("Count"), ...HEAD], waits)}`;
}

/** How the stores do. */
export function storeHealth(grids: Grids): Markup {
  const outcomes = ["ok", "failed", "timeout"].map(
    (outcome) => grids.redis_requests_total.get(outcome)?.get(outcome) ?? 0,
  );
  const all = outcomes.reduce((sum, count) => sum + count, 0);
  const cells = outcomes
    .slice(1)
    .map(
      (count) =>
        html`<td class="n${count > 0 ? " owed" : ""}">${countText(count)} (${shareText(count, all) || "0%"})`,
    );
  const times = allOf(grids.redis_request_duration_seconds);
  const head = [right("Requests"), right("Failed"), right("Timed out"), ...HEAD];
  return table("Redis", head, [
    html`<tr><td class=n>${countText(all)}${cells}${quantiles("redis_request_duration_seconds", times)}`,
  ]);
}

function row(name: HistogramName, title: string, cells: Cells): Markup {
  return html`<tr><td>${title}<td class=n>${countText(countOf(cells))}${quantiles(name, cells)}`;
}

function quantiles(name: HistogramName, cells: Cells): Markup[] {
  const { bounds } = HISTOGRAMS[name];
  return QUANTILES.map((q) => html`<td class=n>${spell(quantile(cells, bounds, q), bounds)}`);
}

/** Only as much as the buckets know. */
function spell(seconds: number, bounds: readonly number[]): string {
  const [lowest = 0] = bounds;
  if (Number.isNaN(seconds)) return "–";
  if (seconds <= lowest) return `under ${lowest * 1000} ms`;
  if (seconds === Number.POSITIVE_INFINITY) return `over ${bounds.at(-1) ?? 0} s`;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

function countOf(cells: Cells): number {
  let count = 0;
  for (const [part, amount] of cells) if (part !== "sum") count += amount;
  return count;
}
