/** What the operators' page makes of counts: quantiles from buckets, classes that add up to all calls. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/core/error-codes.ts";
import { COUNTERS, HISTOGRAMS, OUTCOMES, type Tally } from "../../src/core/metrics.ts";
import type { Observation } from "../../src/core/observation.ts";
import { bucketOf, counterSeries, histogramSeries, readSeries } from "../../src/core/series.ts";
import { callsChart } from "../../src/dashboard/calls.ts";
import { toGrids } from "../../src/dashboard/counts.ts";
import { quantile } from "../../src/dashboard/latency.ts";
import { countRequest, outcomeOf } from "../../src/observability/report.ts";
import { SHEET } from "./sheet.ts";

const NAME = "request_duration_seconds";
const { bounds } = HISTOGRAMS[NAME];
/** Durations in the buckets that the gateway counts them in. */
function bucketsOf(durations: number[]): Map<string, number> {
  const cells = new Map([["sum", 1]]);
  for (const ms of durations) {
    const part = bucketOf(NAME, ms);
    cells.set(part, (cells.get(part) ?? 0) + 1);
  }
  return cells;
}

describe("a quantile from buckets", () => {
  const durations = fc.array(fc.oneof(fc.nat(60), fc.nat(12_000)), { minLength: 1, maxLength: 300 });
  const shares = fc.constantFrom(0.5, 0.9, 0.99, 0.01, 1);

  it("is in the bucket of the duration that it estimates, whatever was counted", () => {
    fc.assert(
      fc.property(durations, shares, (all, q) => {
        const found = quantile(bucketsOf(all), bounds, q);
        // The smallest one that so large a share did not exceed.
        const exact = all.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * all.length - 1e-9) - 1)] ?? 0;
        const bucket = bucketOf(NAME, exact);
        if (bucket === "+Inf") expect(found).toBe(Number.POSITIVE_INFINITY);
        else {
          const high = Number(bucket);
          const low = bounds[bounds.indexOf(high as (typeof bounds)[number]) - 1] ?? 0;
          expect(found).toBeGreaterThan(low - 1e-9);
          expect(found).toBeLessThanOrEqual(high + 1e-9);
        }
      }),
    );
  });

  it("is what one finds by laying every duration evenly over its bucket", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { minLength: bounds.length, maxLength: bounds.length }),
        shares,
        (counts, q) => {
          const cells = new Map(counts.map((count, i) => [String(bounds[i]), count]));
          // The k-th of n in a bucket ends after k n-ths of it.
          const ends = counts.flatMap((count, i) => {
            const [low, high] = [bounds[i - 1] ?? 0, bounds[i] ?? 0];
            return Array.from({ length: count }, (_, k) => [
              low + ((high - low) * k) / count,
              (high - low) / count,
            ]);
          });
          const found = quantile(cells, bounds, q);
          if (ends.length === 0) return expect(found).toBeNaN();
          const rank = q * ends.length;
          const at = Math.max(0, Math.ceil(rank) - 1);
          const [begin = 0, wide = 0] = ends[at] ?? [];
          expect(found).toBeCloseTo(begin + wide * (rank - at), 9);
        },
      ),
    );
  });

  it("is what Prometheus' documentation says of the edges", () => {
    expect(quantile(new Map(), bounds, 0.5)).toBeNaN();
    expect(quantile(new Map([["0.005", 10]]), bounds, 0.5)).toBe(0.0025);
    expect(quantile(new Map([["0.1", 4]]), bounds, 0.5)).toBeCloseTo(0.075);
    expect(
      quantile(
        new Map([
          ["10", 1],
          ["+Inf", 1],
        ]),
        bounds,
        0.5,
      ),
    ).toBe(10);
    expect(quantile(new Map([["+Inf", 1]]), bounds, 0.5)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("every call has one end", () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const sheets = fc.record({
    code: fc.option(fc.constantFrom(...codes), { nil: undefined }),
    status: fc.constantFrom(101, 200, 204, 304, 402, 404, 429, 500, 502, 503),
    access: fc.option(fc.constantFrom("free", "session", "credit", "claimed", "kept"), { nil: undefined }),
    presented: fc.boolean(),
    durationMs: fc.nat(20_000),
  });

  it("and the classes of any calls add up to all of them", () => {
    fc.assert(
      fc.property(fc.array(sheets, { minLength: 1, maxLength: 60 }), (calls) => {
        const counts = new Map<string, number>();
        const add = (series: string, amount: number) =>
          counts.set(series, (counts.get(series) ?? 0) + amount);
        const tally: Tally = {
          count: (name, labels, amount = 1) => add(counterSeries(name, labels), amount),
          time: (name, labels, ms) => add(histogramSeries(name, labels, bucketOf(name, ms)), 1),
        };
        for (const { code, access, ...rest } of calls) {
          countRequest(
            { ...SHEET, ...rest, ...(code ? { code } : {}), ...(access ? { access } : {}) } as Observation,
            tally,
          );
        }
        const classes = new Map<string, number>();
        for (const [text, amount] of counts) {
          const { name, labels } = readSeries(text) ?? {};
          const outcome = (labels as { outcome?: string } | undefined)?.outcome;
          if (name === "outcomes_total" && outcome)
            classes.set(outcome, (classes.get(outcome) ?? 0) + amount);
        }
        expect([...classes.keys()].filter((name) => !(OUTCOMES as readonly string[]).includes(name))).toEqual(
          [],
        );
        expect([...classes.values()].reduce((sum, count) => sum + count, 0)).toBe(calls.length);
      }),
    );
  });

  it.each<[Partial<Observation>, string]>([
    [{ access: "claimed" }, "paid"],
    [{ access: "kept" }, "paid"],
    [{ access: "session" }, "ahead"],
    [{ access: "credit" }, "ahead"],
    [{ access: "free" }, "free"],
    [{ code: "payment_required", status: 402 }, "offered"],
    [{ code: "payment_conflict", status: 409 }, "rejected"],
    [{ code: "rate_limited", status: 429 }, "limited"],
    [{ code: "route_not_found", status: 404 }, "refused"],
    [{ code: "maintenance", status: 503 }, "refused"],
    [{ code: "not_cached", status: 504 }, "refused"],
    [{ code: "upstream_timeout", status: 504, access: "claimed" }, "upstream"],
    [{ status: 503, access: "claimed" }, "upstream"],
    [{ status: 404, access: "free" }, "upstream"],
    [{ code: "store_unavailable", status: 503 }, "gateway"],
    [{ code: "internal_error", status: 500, access: "free" }, "gateway"],
  ])("%o is %s", (fields, outcome) => {
    expect(outcomeOf({ ...SHEET, ...fields })).toBe(outcome);
  });

  it("the help of the metric names all of them", () => {
    for (const outcome of OUTCOMES) expect(COUNTERS.outcomes_total.help).toContain(outcome);
  });
});

describe("the bars", () => {
  it("stand on each other, end to end, and reach as high as the day's calls", () => {
    const day = new Map([
      ["paid", 30],
      ["free", 50],
      ["gateway", 20],
    ]);
    const { text } = callsChart(new Map([["2026-11-21", day]]), ["2026-11-20", "2026-11-21"]);
    const boxes = [...text.matchAll(/d="M[\d.]+,([\d.]+)h[\d.]+V([\d.]+)h-[\d.]+z"/g)].map(([, from, to]) => [
      Number(from),
      Number(to),
    ]);
    const [bottom = 0, height = 0] = [208, 208 - 12];
    expect(boxes).toHaveLength(3);
    expect(boxes[0]?.[0]).toBe(bottom);
    for (const i of [1, 2]) expect(boxes[i]?.[0]).toBe(boxes[i - 1]?.[1]);
    expect(boxes.map(([from = 0, to = 0]) => Math.round((100 * (from - to)) / height))).toEqual([30, 50, 20]);
  });

  it("counts that this version does not know are left out", () => {
    const counts = new Map([
      ['["of_a_later_version","x"]', 1],
      ["not JSON", 1],
      [counterSeries("requests_total", { route: "r", method: "GET", status: "200" }), 1],
    ]);
    expect(Object.values(toGrids({ daily: new Map(), whole: counts })).every((grid) => grid.size === 0)).toBe(
      true,
    );
  });
});
