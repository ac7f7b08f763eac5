/** What becomes of a sheet: a line of the log, counts, and the answer's own word on how long what took. */
import type { ErrorCode } from "../core/error-codes.ts";
import type { Event } from "../core/events.ts";
import { keyedHash } from "../core/hash.ts";
import { toCountedAddress } from "../core/ip.ts";
import type { Outcome, Tally } from "../core/metrics.ts";
import type { Observation } from "../core/observation.ts";

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** What the operator has decided, whatever the status: nothing has failed. */
const DECIDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["rejected", "maintenance"]);
const REJECTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "payment_malformed",
  "payment_rejected",
  "payment_settlement_failed",
  "payment_already_used",
  "payment_conflict",
]);
/** What only the client's wish has made a 5xx. */
const WISHED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...DECIDED,
  "not_cached",
  "websocket_unsupported",
]);
const UPSTREAM: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["upstream_unreachable", "upstream_timeout"]);
/** Longest path that is told, characters. */
const LONGEST_PATH = 1024;

/** How bad it is: the gateway's or an upstream's failure, a client's, or none; what nobody has bought is not worth a look. */
export function levelOf({ own, status, code }: Observation): Event["level"] {
  if (status >= 500 && !(code && DECIDED.has(code))) return "error";
  if (status >= 400) return "warn";
  return own ? "debug" : "info";
}

/** The line; who came and who paid are told as hashes that are keyed with `secret`, as in the keys of rate limits. */
export async function lineOf(sheet: Observation, secret: string): Promise<Event> {
  const { client, payer, trace } = sheet;
  const hashed = (kind: string, text: string) => keyedHash(secret, `${kind}:${text}`);
  return {
    event: "request",
    level: levelOf(sheet),
    request_id: sheet.id,
    method: sheet.method,
    path: sheet.path.slice(0, LONGEST_PATH),
    route: sheet.route?.key,
    status: sheet.status,
    duration_ms: sheet.durationMs,
    price: sheet.price,
    payer: payer && (await hashed("payer", payer.toLowerCase())),
    tx_hash: sheet.transaction || undefined,
    code: sheet.code,
    error: sheet.error,
    access: sheet.access,
    cache: sheet.cache,
    redis_ms: sheet.admitMs,
    facilitator_ms: sheet.facilitatorMs,
    upstream_ms: sheet.upstreamMs,
    spend: sheet.spend,
    client: client && (await hashed("address", toCountedAddress(client))),
    runtime: sheet.runtime,
    region: sheet.region,
    ray: sheet.ray,
    trace_id: trace?.id,
  };
}

/** How a call has ended; every call has exactly one end. */
export function outcomeOf({ code, status, access }: Observation): Outcome {
  if (code === "payment_required") return "offered";
  if (code === "rate_limited") return "limited";
  if (code && REJECTED.has(code)) return "rejected";
  if (code && UPSTREAM.has(code)) return "upstream";
  if (code) return status >= 500 && !WISHED.has(code) ? "gateway" : "refused";
  if (status >= 400) return "upstream";
  if (access === "claimed" || access === "kept") return "paid";
  return access === "session" || access === "credit" ? "ahead" : "free";
}

/** Counts a request whose answer begins. */
export function countRequest(sheet: Observation, tally: Tally): void {
  const { route, status, code } = sheet;
  const key = { route: route?.key ?? "unmatched" };
  const method = METHODS.has(sheet.method) ? sheet.method : "OTHER";
  tally.count("requests_total", { ...key, method, status: String(status) });
  tally.count("outcomes_total", { ...key, outcome: outcomeOf(sheet) });
  tally.time("request_duration_seconds", { ...key, method }, sheet.durationMs);
  if (code) tally.count("refusals_total", { ...key, code });
  if (sheet.access) tally.count("access_total", { ...key, access: sheet.access });
  if (sheet.cache) tally.count("response_cache_total", { ...key, result: sheet.cache });
  if (sheet.presented) tally.count("payment_stages_total", { ...key, stage: "presented" });
  if (code === "payment_required") {
    tally.count("payments_total", { ...key, outcome: "missing" });
    tally.count("payment_stages_total", { ...key, stage: "offered" });
  }
  if (code && REJECTED.has(code)) tally.count("payments_total", { ...key, outcome: "rejected" });
  if (code === "rate_limited") tally.count("rate_limit_blocks_total", key);
  if (route && sheet.upstreamStatus !== undefined) {
    const upstream = route.upstream.name;
    tally.time("upstream_duration_seconds", { upstream }, sheet.upstreamMs ?? 0);
    if (sheet.upstreamStatus >= 400) {
      tally.count("upstream_errors_total", { upstream, status: String(sheet.upstreamStatus) });
    }
  }
}

/** `Server-Timing` (https://www.w3.org/TR/server-timing/). */
export function timingOf({ admitMs, facilitatorMs, upstreamMs, durationMs }: Observation): string {
  const parts = { admit: admitMs, facilitator: facilitatorMs, upstream: upstreamMs, total: durationMs };
  return Object.entries(parts)
    .flatMap(([name, ms]) => (ms === undefined ? [] : [`${name};dur=${ms}`]))
    .join(", ");
}
