/** What the gateways themselves have seen of a store lately. */
import { HISTOGRAMS } from "../core/metrics.ts";
import { type Counts, counterSeries, histogramSeries } from "../core/series.ts";
import type { Admin } from "../stores/admin.ts";
import type { Check } from "./doctor-store.ts";

const BOUNDS = HISTOGRAMS.redis_request_duration_seconds.bounds;
/** More failures than this are worth a look. */
const MANY_FAILURES = 0.01;
/** The slowest hundredth should not be slower than this, ms. */
const SLOW_MS = 200;

/** Requests, failures and latency of today and yesterday, as all instances have counted them. */
export async function checkTraffic(
  admin: Pick<Admin, "counts">,
  prefix: string,
): Promise<Omit<Check, "target" | "check">> {
  const counts = await admin.counts(prefix);
  const ended = (outcome: string) => counts.get(counterSeries("redis_requests_total", { outcome })) ?? 0;
  const [failed, timeout] = [ended("failed"), ended("timeout")];
  const requests = ended("ok") + failed + timeout;
  if (requests === 0) return { status: "ok", detail: "nothing counted since yesterday" };
  const [median, slowest] = [latencyOf(counts, requests * 0.5), latencyOf(counts, requests * 0.99)];
  const share = (failed + timeout) / requests;
  const detail =
    `${requests} requests since yesterday, ${failed} failed, ${timeout} timed out (${(share * 100).toFixed(2)} %); ` +
    `half within ${show(median)}, 99 % within ${show(slowest)}`;
  if (share > MANY_FAILURES) {
    const hint = "calls were refused (503) meanwhile: look at the store's limits and its log for that time";
    return { status: "warn", detail, hint };
  }
  if (slowest > SLOW_MS) {
    const hint = "every paid call waits for one; put the store close to where the gateway runs";
    return { status: "warn", detail, hint };
  }
  return { status: "ok", detail };
}

/** The bucket bound that so many requests stayed within, ms. */
function latencyOf(counts: Counts, requests: number): number {
  let left = requests;
  for (const bound of BOUNDS) {
    left -= counts.get(histogramSeries("redis_request_duration_seconds", {}, String(bound))) ?? 0;
    if (left <= 0) return bound * 1000;
  }
  return Number.POSITIVE_INFINITY;
}

function show(ms: number): string {
  return Number.isFinite(ms) ? `${ms} ms` : `more than ${(BOUNDS.at(-1) ?? 0) * 1000} ms`;
}
