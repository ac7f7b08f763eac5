/** Routes that sell time: for how long, and which of them are opened together. */
import { hash } from "../core/hash.ts";
import type { Route } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import type { RawConfig } from "./schema.ts";
import { hasStore } from "./stores.ts";

type RawRoute = RawConfig["routes"][string];

/** Longest paid time in one go, ms. */
const LONGEST_MS = 366 * 86_400_000;

/** What a payment on this route opens, if it sells time. */
export async function checkSession(
  key: string,
  { pricing }: RawRoute,
  raw: RawConfig,
  faults: Fault[],
): Promise<Route["session"]> {
  if (pricing?.model !== "time") return undefined;
  const path = `routes.${key}.pricing`;
  if (pricing.group !== undefined && !/^[\w.-]{1,64}$/.test(pricing.group)) {
    faults.push({ path: `${path}.group`, message: "is not a name", fix: "use letters, digits and . _ -" });
  }
  if (!hasStore(raw, "timeSession")) {
    faults.push({ path, message: "paid time needs a store, and there is none", fix: "add stores.redis" });
  }
  const group = pricing.group === undefined ? `route ${key}` : `group ${pricing.group}`;
  const cookie = (await hash(group)).slice(0, 8);
  return { group, cookie, durationMs: durationOf(pricing.duration, `${path}.duration`, raw, faults) };
}

function durationOf(
  written: string | number | undefined,
  path: string,
  { stores }: RawConfig,
  faults: Fault[],
): number {
  const duration = written ?? (stores?.timeSession ?? stores?.sessions)?.ttlSeconds;
  if (duration !== undefined) return checkDuration(duration, path, LONGEST_MS, faults);
  const fix = 'write duration: "15m", or give stores.timeSession a ttlSeconds';
  faults.push({ path, message: "is required", fix });
  return 1;
}

/** Routes that open each other must cost the same: the cheaper would be the price of all. */
export function checkGroups(routes: Route[], faults: Fault[]): void {
  const first = new Map<string, Route>();
  for (const route of routes) {
    if (!route.session) continue;
    const { group, durationMs } = route.session;
    const leader = first.get(group) ?? route;
    first.set(group, leader);
    if (leader.session?.durationMs === durationMs && samePrice(leader, route)) continue;
    const message = `is in one group with "${leader.key}", but sells it at another price or for another time`;
    faults.push({ path: `routes.${route.key}.pricing`, message, fix: "make them equal, or use two groups" });
  }
}

function samePrice({ price: a }: Route, { price: b }: Route): boolean {
  if (!a || !b) return a === b;
  return a.digits * 10n ** BigInt(b.scale) === b.digits * 10n ** BigInt(a.scale);
}
