/**
 * How a count is named where it is kept: a JSON list of the metric's name, the values of its labels in the table's order,
 * and for a histogram the bucket's upper bound (`"0.25"`, `"+Inf"`) or `"sum"`: `["requests_total","GET /a","GET","200"]`.
 * Only whole numbers are kept: buckets count for themselves, not those below them too, and sums are microseconds.
 */
import { COUNTERS, type CounterName, HISTOGRAMS, type HistogramName } from "./metrics.ts";

/** A count's name, taken apart. */
export type Series =
  | { kind: "counter"; name: CounterName; labels: Record<string, string> }
  | { kind: "histogram"; name: HistogramName; labels: Record<string, string>; part: string };

/** Counts by their series. */
export type Counts = Map<string, number>;

/** The series of a counter. */
export function counterSeries(name: CounterName, labels: Record<string, string>): string {
  return JSON.stringify([name, ...COUNTERS[name].labels.map((label) => labels[label] ?? "")]);
}

/** The series of a part of a histogram: a bucket, by its upper bound, or `sum`. */
export function histogramSeries(name: HistogramName, labels: Record<string, string>, part: string): string {
  return JSON.stringify([
    name,
    ...HISTOGRAMS[name].labels.map((label) => labels[label as never] ?? ""),
    part,
  ]);
}

/** The bucket that a duration falls into. */
export function bucketOf(name: HistogramName, ms: number): string {
  return String(HISTOGRAMS[name].bounds.find((bound) => ms <= bound * 1000) ?? "+Inf");
}

/** Takes a series apart; undefined for what this version does not know. */
export function readSeries(series: string): Series | undefined {
  const [name, ...values] = parse(series);
  if (name === undefined) return undefined;
  if (Object.hasOwn(COUNTERS, name)) {
    const labels = named(COUNTERS[name as CounterName].labels, values);
    return labels && { kind: "counter", name: name as CounterName, labels };
  }
  if (!Object.hasOwn(HISTOGRAMS, name)) return undefined;
  const part = values.pop();
  const labels = named(HISTOGRAMS[name as HistogramName].labels, values);
  return labels && part !== undefined
    ? { kind: "histogram", name: name as HistogramName, labels, part }
    : undefined;
}

function named(labels: readonly string[], values: string[]): Record<string, string> | undefined {
  if (labels.length !== values.length) return undefined;
  return Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ""]));
}

function parse(series: string): string[] {
  try {
    const parts: unknown = JSON.parse(series);
    return Array.isArray(parts) && parts.every((part) => typeof part === "string") ? parts : [];
  } catch {
    return [];
  }
}
