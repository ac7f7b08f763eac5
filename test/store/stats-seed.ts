/** Days of counts, as a gateway with many routes would have written them, but all at once. */
import { HISTOGRAMS, type HistogramName, OUTCOMES, STAGES } from "../../src/core/metrics.ts";
import { counterSeries, histogramSeries } from "../../src/core/series.ts";
import { dayKey } from "../../src/stores/tally.ts";
import { postJson } from "../bridge/backends.ts";

const DAY_MS = 86_400_000;
/** Calls of a route and day by outcome, in the order of the table. */
const CALLS = [400, 30, 900, 450, 12, 60, 25, 8, 2];
/** Payments of a route and day by stage, in the order of the table. */
const PAYMENTS = [450, 420, 405, 400, 5];

/** The routes of so many. */
export function seededRoutes(many: number): string[] {
  return Array.from({ length: many }, (_, i) => `GET /v1/products/${i}/:id`);
}

/** Writes the counts of so many days up to one (by its number), of so many routes, more of them each day. */
export async function seedStats(
  redis: { url: string; token: string },
  prefix: string,
  { last, days, routes }: { last: number; days: number; routes: number },
): Promise<void> {
  for (let n = 0; n < days; n++) {
    const key = dayKey(prefix, new Date((last - n) * DAY_MS).toISOString().slice(0, 10));
    const grown = 1 + (days - n) / days + (n % 7) / 10;
    const fields = [...seriesOfDay(routes)].map(([series, count]) => [
      series,
      String(Math.round(count * grown)),
    ]);
    await postJson(redis, "/", ["HSET", key, ...fields.flat()]);
  }
}

function seriesOfDay(routes: number): Map<string, number> {
  const counts = new Map<string, number>();
  const timed = (name: HistogramName, labels: Record<string, string>, count: number) => {
    const bounds = HISTOGRAMS[name].bounds.map(String);
    bounds.forEach((part, i) => {
      counts.set(histogramSeries(name, labels, part), Math.ceil(count / 2 ** Math.abs(i - 4)));
    });
    counts.set(histogramSeries(name, labels, "sum"), count * 60_000);
  };
  seededRoutes(routes).forEach((route, i) => {
    const weight = 1 / (i + 1);
    OUTCOMES.forEach((outcome, o) => {
      counts.set(counterSeries("outcomes_total", { route, outcome }), (CALLS[o] ?? 0) * weight);
    });
    STAGES.forEach((stage, s) => {
      counts.set(counterSeries("payment_stages_total", { route, stage }), (PAYMENTS[s] ?? 0) * weight);
    });
    for (const status of ["200", "402", "429", "404", "502"]) {
      counts.set(counterSeries("requests_total", { route, method: "GET", status }), 400 * weight);
    }
    timed("request_duration_seconds", { route, method: "GET" }, 900 * weight);
  });
  timed("settlement_duration_seconds", { strategy: "facilitator" }, 400);
  timed("facilitator_request_duration_seconds", { endpoint: "settle" }, 400);
  timed("upstream_duration_seconds", { upstream: "api" }, 900);
  timed("redis_request_duration_seconds", {}, 3000);
  counts.set(counterSeries("redis_requests_total", { outcome: "ok" }), 3000);
  counts.set(counterSeries("redis_requests_total", { outcome: "timeout" }), 2);
  return counts;
}
