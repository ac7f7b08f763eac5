/**
 * Whether this instance can sell, for load balancers and deploys: everything that a paid call needs is asked, at most once
 * in a while for each isolate, however often strangers ask. Upstreams are not asked at all: what calls have found of them
 * is known to the store.
 */
import type { Arrival } from "../core/arrival.ts";
import type { Clock } from "../core/events.ts";
import type { Condition, Finding, Probe, Readiness } from "../core/ready.ts";

/** How long an answer counts, ms. */
const FRESH_MS = 10_000;
/** How long one counts that was not good, ms: who waits for a start should not wait longer than needed. */
const RETRY_MS = 2000;
/** Whoever asks first asks for all who come meanwhile; not for longer than this, ms, because it may have been cut off. */
const PATIENCE_MS = 10_000;

/** Undefined while it is being found out, which goes on when whoever has asked first leaves. */
export type Ready = (waitUntil: Arrival["waitUntil"]) => Promise<Readiness | undefined>;

/** Makes the room; asks nobody yet. */
export function makeReady(probes: Probe[], clock: Clock): Ready {
  let last: Readiness | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function find(): Promise<Readiness> {
    const findings = (await Promise.all(probes.map((probe) => probe()))).flat();
    last = { condition: conditionOf(findings), findings, at: clock() };
    askedAt = Number.NEGATIVE_INFINITY;
    return last;
  }

  return async function ready(waitUntil) {
    const now = clock();
    const freshMs = last?.condition === "ok" ? FRESH_MS : RETRY_MS;
    if (last && now - last.at < freshMs) return last;
    if (now - askedAt < PATIENCE_MS) return last;
    askedAt = now;
    const finding = find();
    // Else strangers who ask and hang up at once could keep everybody else from an answer.
    waitUntil(finding);
    return finding;
  };
}

/**
 * A store that is down stops every paid call; of facilitators and upstreams, only all of a kind do.
 */
export function conditionOf(findings: Finding[]): Condition {
  const some = (of: Finding["of"]) => findings.filter((finding) => finding.of === of);
  const isGone = (of: Finding["of"]) => some(of).length > 0 && worst(some(of)) === "down";
  const storeIsDown = some("store").some(({ condition }) => condition === "down");
  if (storeIsDown || isGone("facilitator") || isGone("upstream")) return "down";
  return findings.every(({ condition }) => condition === "ok") ? "ok" : "degraded";
}

/** The answer: everybody learns of which kind something is missing, `inFull` also what and why. */
export function describeReadiness(
  readiness: Readiness | undefined,
  inFull: boolean,
): { status: number; body: object } {
  if (!readiness) return { status: 503, body: { status: "starting" } };
  const { condition, findings, at } = readiness;
  const checks: Partial<Record<Finding["of"], Condition>> = {};
  for (const of of new Set(findings.map((finding) => finding.of))) {
    checks[of] = worst(findings.filter((finding) => finding.of === of));
  }
  return {
    status: condition === "down" ? 503 : 200,
    body: {
      status: condition,
      checks,
      checkedAt: new Date(at).toISOString(),
      ...(inFull ? { findings } : {}),
    },
  };
}

/** Of one kind: `down` is all of it. */
function worst(findings: Finding[]): Condition {
  if (findings.every(({ condition }) => condition === "down")) return "down";
  return findings.every(({ condition }) => condition === "ok") ? "ok" : "degraded";
}
