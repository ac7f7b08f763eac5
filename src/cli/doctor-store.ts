/** What `tollbooth doctor` asks a store, in the order in which one thing needs the other. */
import type { RedisConnection } from "../core/compiled.ts";
import { type Admin, openAdmin, StoreFault } from "../stores/admin.ts";
import { tryScripts } from "../stores/try-scripts.ts";
import { checkTraffic } from "./doctor-traffic.ts";

/** One finding; whatever is not ok has a hint. */
export type Check = {
  target: string;
  check: string;
  status: "ok" | "warn" | "fail";
  detail: string;
  hint?: string;
};

type Finding = Omit<Check, "target">;

const ROUND_TRIPS = 10;
/** Above this the store is in another region than whoever asks. */
const SLOW_MS = 100;
const SKEW_WARN_MS = 30_000;
const SKEW_FAIL_MS = 120_000;
const NO_EVICTION = "noeviction";

/** Everything about one store. What cannot be asked because something before it failed is left out. */
export async function checkStore(connection: RedisConnection): Promise<Check[]> {
  const admin = openAdmin(connection);
  const findings = [checkTransport(connection.url), ...(await checkAccess(admin))];
  if (findings.every(({ status }) => status !== "fail")) {
    findings.push(await finding("latency", () => checkLatency(admin)));
    findings.push(await finding("eviction", () => checkEviction(admin)));
    findings.push(await finding("scripts", () => checkScripts(connection)));
    findings.push(await finding("clock", () => checkClock(admin)));
    findings.push(await finding("traffic", () => checkTraffic(admin, connection.prefix)));
  }
  const target = `store ${connection.url} (${connection.prefix})`;
  return findings.map((found) => ({ target, ...found }));
}

async function finding(check: string, look: () => Promise<Omit<Finding, "check">>): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    const hint = "the store answered a moment ago: run this again, and look at its limits and its log";
    return { check, status: "fail", detail: error.message, hint };
  }
}

function checkTransport(url: string): Finding {
  const check = "transport";
  if (url.startsWith("https:")) return { check, status: "ok", detail: "TLS" };
  // The configuration takes plain HTTP for loopback only.
  return { check, status: "ok", detail: "loopback, without TLS" };
}

async function checkAccess(admin: Admin): Promise<Finding[]> {
  const reached: Finding = { check: "reachable", status: "ok", detail: "it answers" };
  try {
    await admin.ping();
    return [reached, { check: "auth", status: "ok", detail: "the token is accepted" }];
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    const detail = error.message;
    if (error.kind === "unauthorized") {
      const hint =
        "copy the REST token from Upstash (not the read-only one; in old databases it is not the password), or the bridge's";
      return [reached, { check: "auth", status: "fail", detail, hint }];
    }
    const hint =
      error.kind === "unreachable"
        ? "check the host and the network; the gateway answers 503 to paid calls until the store is back"
        : "is it the REST URL, and is the Redis behind it up?";
    return [{ check: "reachable", status: "fail", detail, hint }];
  }
}

async function checkLatency(admin: Admin): Promise<Omit<Finding, "check">> {
  const times: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i += 1) {
    const start = performance.now();
    await admin.ping();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const middle = ROUND_TRIPS / 2;
  const median = ((times[middle - 1] ?? 0) + (times[middle] ?? 0)) / 2;
  const detail = `${median.toFixed(1)} ms, median of ${ROUND_TRIPS} round trips from here`;
  if (median <= SLOW_MS) return { status: "ok", detail };
  const hint = "every paid call waits for one; put the store close to where the gateway runs";
  return { status: "warn", detail, hint };
}

async function checkEviction(admin: Admin): Promise<Omit<Finding, "check">> {
  const policy = await admin.evictionPolicy();
  if (policy === NO_EVICTION) return { status: "ok", detail: policy };
  if (policy === undefined) {
    const hint =
      "look in the service's console that eviction is off: an evicted payment could be presented again";
    return { status: "warn", detail: "unknown: the service does not tell its maxmemory-policy", hint };
  }
  const hint =
    "set maxmemory-policy noeviction: when a payment's record is evicted, that payment could be presented again";
  return { status: "warn", detail: `${policy} deletes keys when memory runs out`, hint };
}

async function checkScripts(connection: RedisConnection): Promise<Omit<Finding, "check">> {
  const problem = await tryScripts(connection);
  if (problem === undefined) return { status: "ok", detail: "a payment was claimed, guarded and let go" };
  const hint =
    "the gateway needs EVAL and EVALSHA with a token that may write; without them no payment is taken";
  return { status: "fail", detail: problem, hint };
}

async function checkClock(admin: Admin): Promise<Omit<Finding, "check">> {
  const before = Date.now();
  const theirs = await admin.time();
  const skewMs = theirs - (before + Date.now()) / 2;
  const amount = Math.abs(skewMs);
  const side = skewMs > 0 ? "ahead of" : "behind";
  const detail =
    amount < 1000 ? "less than 1 s apart" : `the store is ${Math.round(amount / 1000)} s ${side} here`;
  if (amount <= SKEW_WARN_MS) return { status: "ok", detail };
  const hint =
    "set this machine's clock by NTP: payments are judged by the gateway's clock and kept by the store's";
  return { status: amount > SKEW_FAIL_MS ? "fail" : "warn", detail, hint };
}
