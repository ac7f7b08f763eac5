/** Whether upstreams answer that nobody watches, for `/ready`: any answer will do, and no key travels for it. */
import type { Finding, Probe } from "../core/ready.ts";
import type { Upstream } from "../core/upstream.ts";

/** Longest wait, ms. */
const PATIENCE_MS = 3000;

/** What asks an upstream; a service binding is the platform's to reach. */
export function upstreamProbe({ name, targets, timeoutMs }: Upstream): Probe {
  const patienceMs = Math.min(timeoutMs, PATIENCE_MS);
  return async () => {
    const began = Date.now();
    const answers = await Promise.all(
      targets.map(({ base, service }) => (service ? true : answersAt(base, patienceMs))),
    );
    const silent = answers.filter((answered) => !answered).length;
    const found: Finding = { of: "upstream", name, condition: "ok", ms: Date.now() - began };
    if (silent === 0) return [found];
    const condition = silent === targets.length ? "down" : "degraded";
    return [{ ...found, condition, reason: `${silent} of ${targets.length} targets do not answer` }];
  };
}

async function answersAt({ origin }: URL, patienceMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const response = await fetch(origin, { method: "HEAD", redirect: "manual", signal });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
