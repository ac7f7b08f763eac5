/** How the gateway is watched: the log, the metrics, traces. */
import { isCanonicalPath, isReserved } from "../core/canonical.ts";
import type { Compiled } from "../core/compiled.ts";
import { LOG_LEVELS, type LogLevel, type Observing } from "../core/observation.ts";
import type { Env } from "./define.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";

const TOKEN = /^[\x21-\x7e]{24,}$/;

/** Reads what `gateway` says about it. */
export function checkObserving(
  raw: RawConfig,
  env: Env,
  stores: Compiled["stores"],
  faults: Fault[],
): Observing {
  const { log, serverTiming = false, trace, admin } = raw.gateway ?? {};
  const metrics = checkMetrics(raw, stores, faults);
  return {
    logLevel: log?.level ?? levelFrom(env),
    metrics,
    counting: metrics !== undefined || admin !== undefined,
    serverTiming,
    traceSample: trace?.sample ?? 1,
  };
}

/** What others have put into that variable is not ours to refuse. */
function levelFrom({ LOG_LEVEL }: Env): LogLevel {
  const written = typeof LOG_LEVEL === "string" ? LOG_LEVEL.toLowerCase() : "";
  return LOG_LEVELS.find((level) => level === written) ?? "info";
}

function checkMetrics(
  { gateway, routes }: RawConfig,
  stores: Compiled["stores"],
  faults: Fault[],
): Observing["metrics"] {
  const { metrics = false } = gateway ?? {};
  const { enabled = true, path = "/metrics", token } = typeof metrics === "object" ? metrics : {};
  if (metrics === false || !enabled) return undefined;
  const at = "gateway.metrics";
  if (Object.values(stores).every((store) => store === undefined)) {
    const message = "are added up in a store, and there is none";
    const fix =
      'add stores.redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    faults.push({ path: at, message, fix });
  }
  if (!isUnset(path) && !(path.startsWith("/") && isCanonicalPath(path)))
    faults.push({
      path: `${at}.path`,
      message: `"${path}" is not a canonical path`,
      fix: 'write "/metrics"',
    });
  if (isReserved(path))
    faults.push({
      path: `${at}.path`,
      message: "paths under /__tollbooth are taken",
      fix: 'write "/metrics"',
    });
  for (const key of Object.keys(routes).filter((key) => key.slice(key.indexOf(" ") + 1) === path)) {
    const fix = 'sell it under another path, or move the metrics: metrics: { path: "/internal/metrics" }';
    faults.push({ path: `routes.${key}`, message: "is where the metrics are", fix });
  }
  if (token !== undefined && !isUnset(token) && !TOKEN.test(token)) {
    const fix = "write 24 letters and digits or more: openssl rand -hex 24";
    faults.push({ path: `${at}.token`, message: "is too short, or not plain text", fix });
  }
  return { path, token };
}
