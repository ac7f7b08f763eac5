/** Counts as Prometheus reads them: its text format, version 0.0.4. */
import { COUNTERS, HISTOGRAMS, type HistogramName } from "../core/metrics.ts";
import { type Counts, readSeries, type Series } from "../core/series.ts";

/** The media type of what `expose` writes. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const PREFIX = "tollbooth_";
const MICROS = 1e6;

type Sample<Kind extends Series["kind"]> = Extract<Series, { kind: Kind }> & { amount: number };

/** All metrics, each with what is known of it; counts of a version that knew others are left out. */
export function expose(counts: Counts): string {
  const samples = [...counts].flatMap(([series, amount]) => {
    const read = readSeries(series);
    return read ? [{ ...read, amount }] : [];
  });
  const counters = Object.entries(COUNTERS).flatMap(([name, metric]) => {
    const own = samples.filter(
      (one): one is Sample<"counter"> => one.kind === "counter" && one.name === name,
    );
    const scale = "scale" in metric ? metric.scale : 1;
    return [
      ...head(name, metric.help, "counter"),
      ...own.map((one) => line(name, one.labels, one.amount / scale)),
    ];
  });
  const histograms = Object.entries(HISTOGRAMS).flatMap(([name, { help }]) => {
    const own = samples.filter(
      (one): one is Sample<"histogram"> => one.kind === "histogram" && one.name === name,
    );
    return [...head(name, help, "histogram"), ...grouped(own).flatMap((parts) => histogram(parts))];
  });
  return [...counters, ...histograms, ""].join("\n");
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`];
}

function line(name: string, labels: Record<string, string>, value: number): string {
  const parts = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${PREFIX}${name}${parts.length > 0 ? `{${parts.join(",")}}` : ""} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** The parts of each histogram with the same labels. */
function grouped(samples: Sample<"histogram">[]): Sample<"histogram">[][] {
  const groups = new Map<string, Sample<"histogram">[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()];
}

/** Buckets that hold those below them too, as Prometheus wants them. */
function histogram(parts: Sample<"histogram">[]): string[] {
  const [{ name, labels }] = parts as [Sample<"histogram">];
  const amountOf = (part: string) => parts.find((one) => one.part === part)?.amount ?? 0;
  let below = 0;
  const buckets = boundsOf(name).map((le) => {
    below += amountOf(le);
    return line(`${name}_bucket`, { ...labels, le }, below);
  });
  return [
    ...buckets,
    line(`${name}_sum`, labels, amountOf("sum") / MICROS),
    line(`${name}_count`, labels, below),
  ];
}

function boundsOf(name: HistogramName): string[] {
  return [...HISTOGRAMS[name].bounds.map(String), "+Inf"];
}
