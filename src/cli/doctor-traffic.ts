/** What the gateways themselves have seen of a store lately. */
import type { Admin } from "../stores/admin.ts";
import { LATENCY_BUCKETS_MS } from "../stores/counters.ts";
import type { Check } from "./doctor-store.ts";

const HOURS = 24;
/** More failures than this are worth a look. */
const MANY_FAILURES = 0.01;
/** The slowest hundredth should not be slower than this, ms. */
const SLOW_MS = 200;

/** Requests, failures and latency of the last day, as all instances have counted them. */
export async function checkTraffic(
  admin: Pick<Admin, "counts">,
  prefix: string,
): Promise<Omit<Check, "target" | "check">> {
  const counts = await admin.counts(prefix, HOURS);
  const { requests = 0, failed = 0, timeout = 0 } = counts;
  if (requests === 0) return { status: "ok", detail: `nothing counted in ${HOURS} hours` };
  const [median, slowest] = [latencyOf(counts, 0.5), latencyOf(counts, 0.99)];
  const share = (failed + timeout) / requests;
  const detail =
    `${requests} requests in ${HOURS} hours, ${failed} failed, ${timeout} timed out (${(share * 100).toFixed(2)} %); ` +
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

/** The bucket bound that this share of requests stayed within, ms. */
function latencyOf(counts: Record<string, number>, share: number): number {
  let left = (counts.requests ?? 0) * share;
  for (const bound of LATENCY_BUCKETS_MS) {
    left -= counts[`le_${bound}`] ?? 0;
    if (left <= 0) return bound;
  }
  return Number.POSITIVE_INFINITY;
}

function show(ms: number): string {
  return Number.isFinite(ms) ? `${ms} ms` : `more than ${LATENCY_BUCKETS_MS.at(-1)} ms`;
}
