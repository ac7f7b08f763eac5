/** The services behind the gateway. */
import type { Upstream } from "../core/upstream.ts";
import type { Env } from "./define.ts";
import type { Fault } from "./faults.ts";
import { checkHeaderChange } from "./header-rules.ts";
import { checkDuration } from "./limits.ts";
import type { RawConfig } from "./schema.ts";
import { hasStore } from "./stores.ts";
import { checkTargets } from "./targets.ts";
import type { RawTimeout, RawUpstream } from "./upstream-schema.ts";

/** Longest time that failures are counted for, and that a target is out, ms. */
const LONGEST_MS = 3600_000;
/** Attempts where nothing is said and there are several targets. */
const MOST_ATTEMPTS = 3;

/** Seconds as whole milliseconds: timers take no fractions. */
export function toMs(seconds: number): number {
  return Math.ceil(seconds * 1000);
}

/** The upstreams by name. */
export async function checkUpstreams(
  raw: RawConfig,
  env: Env,
  faults: Fault[],
): Promise<Map<string, Upstream>> {
  const upstreams = new Map<string, Upstream>();
  const shared = waitsOf(raw.gateway?.timeouts?.upstream);
  checkWaits(shared, {}, "gateway.timeouts.upstream", faults);
  for (const [name, written] of Object.entries(raw.upstreams)) {
    const path = `upstreams.${name}`;
    const targets = await checkTargets(name, written, env, faults);
    const several = (written.targets?.length ?? 1) > 1;
    const retries = toRetries(written, several, path, faults);
    const waits = checkWaits(waitsOf(written.timeout), shared, `${path}.timeout`, faults);
    const health = checkHealth(written.health, several, hasStore(raw, "rateLimit"), path, faults);
    const responseHeaders = checkHeaderChange(
      written.responseHeaders,
      "response",
      `${path}.responseHeaders`,
      faults,
    );
    if (!targets) continue;
    const waitMs = Math.min(waits.timeoutMs * retries.attempts, waits.totalMs ?? Number.POSITIVE_INFINITY);
    const { cookies = false } = written;
    const [{ base }] = targets;
    upstreams.set(name, {
      name,
      base,
      targets,
      cookies,
      ...waits,
      waitMs,
      retries,
      health,
      responseHeaders,
    });
  }
  return upstreams;
}

function toRetries(
  { retries, targets = [] }: RawUpstream,
  several: boolean,
  path: string,
  faults: Fault[],
): Upstream["retries"] {
  const failures = ["connect", "502", "503", "504"] as const;
  const on = [...failures, ...(several ? (["timeout"] as const) : [])];
  if (retries === false) return { attempts: 1, on: [] };
  if (!retries) return { attempts: Math.min(Math.max(1, targets.length), MOST_ATTEMPTS), on };
  if (retries.attempts === 1 && retries.on) {
    const message = "means nothing to a single attempt";
    faults.push({ path: `${path}.retries.on`, message, fix: "write attempts: 2, or retries: false" });
  }
  return { attempts: retries.attempts, on: retries.on ?? on };
}

type Waits = { headers?: number | undefined; idle?: number | undefined; total?: number | undefined };

function waitsOf(written: RawTimeout | undefined): Waits {
  return typeof written === "number" ? { headers: written } : (written ?? {});
}

/** What an upstream says wins over what is said for all of them, each wait by itself. */
function checkWaits(
  own: Waits,
  shared: Waits,
  path: string,
  faults: Fault[],
): Pick<Upstream, "timeoutMs" | "idleMs" | "totalMs"> {
  const { headers = 60, idle, total } = { ...shared, ...own };
  for (const name of ["headers", "idle"] as const) {
    if (total === undefined || (own[name] ?? 0) <= total) continue;
    const fix = `write at most ${total}, or a longer total`;
    faults.push({ path, message: `${name} is longer than total`, fix });
  }
  return {
    timeoutMs: toMs(Math.min(headers, total ?? headers)),
    idleMs: idle === undefined ? undefined : toMs(idle),
    totalMs: total === undefined ? undefined : toMs(total),
  };
}

function checkHealth(
  health: RawUpstream["health"],
  several: boolean,
  stored: boolean,
  upstream: string,
  faults: Fault[],
): Upstream["health"] {
  const path = `${upstream}.health`;
  if (health && !several) {
    const message = "is about several targets, and there is one";
    faults.push({ path, message, fix: "add targets, or leave it out" });
  } else if (health && !stored) {
    const fix =
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    faults.push({ path, message: "failures are counted in a store, and there is none", fix });
  }
  if (health === false || !several || !stored) return undefined;
  const { failures = 5, within = "30s", ejectFor = "30s" } = health ?? {};
  return {
    failures,
    withinMs: checkDuration(within, `${path}.within`, LONGEST_MS, faults),
    ejectMs: checkDuration(ejectFor, `${path}.ejectFor`, LONGEST_MS, faults),
  };
}
