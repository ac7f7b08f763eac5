/** What a route's payment records hold beyond the payment: a facilitator's word, an answer. */
import type { Route } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import type { RawConfig } from "./schema.ts";

type Records = Pick<Route, "goodMs" | "keepAnswerMs" | "keepAnswerBytes" | "paymentIdentifier">;

/** An owed call can be collected for a day; what is kept is not kept for longer. */
const LONGEST_MS = 86_400_000;
const DEFAULT_ANSWER = { ttl: "10m", maxBytes: 65_536 };

/** Settings of a route that are about payments. */
const ABOUT_PAYMENTS = [
  "settleBelow",
  "verificationCache",
  "keepAnswer",
  "paymentIdentifier",
  "pricing",
  "payTo",
  "settlement",
  "timeout",
] as const;

/** A setting that is accepted and does nothing is worse than one that is refused. */
export function checkFreeRoute(key: string, { routes }: RawConfig, faults: Fault[]): void {
  const own: Partial<RawConfig["routes"][string]> = routes[key] ?? {};
  for (const name of ABOUT_PAYMENTS) {
    if (own[name] === undefined || own[name] === false) continue;
    const message = "is about payments, and the route is free";
    faults.push({ path: `routes.${key}.${name}`, message, fix: "leave it out, or set a price" });
  }
}

/** The choices of a route, or those of `defaults`. */
export function checkRecords(key: string, { routes, defaults }: RawConfig, faults: Fault[]): Records {
  const own: Partial<RawConfig["routes"][string]> = routes[key] ?? {};
  const pathOf = (name: "verificationCache" | "keepAnswer") =>
    own[name] === undefined ? `defaults.${name}` : `routes.${key}.${name}`;
  const verification = own.verificationCache ?? defaults?.verificationCache ?? false;
  const keep = own.keepAnswer ?? defaults?.keepAnswer ?? false;
  const { ttl = DEFAULT_ANSWER.ttl, maxBytes = DEFAULT_ANSWER.maxBytes } = keep === true || !keep ? {} : keep;
  return {
    goodMs: verification
      ? checkDuration(verification.ttl, `${pathOf("verificationCache")}.ttl`, LONGEST_MS, faults)
      : 0,
    keepAnswerMs: keep ? checkDuration(ttl, `${pathOf("keepAnswer")}.ttl`, LONGEST_MS, faults) : 0,
    keepAnswerBytes: maxBytes,
    paymentIdentifier: own.paymentIdentifier ?? defaults?.paymentIdentifier ?? "off",
  };
}
