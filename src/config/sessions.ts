/** Routes that sell time: for how long, and which of them are opened together. */
import { hash } from "../core/hash.ts";
import { isDearer } from "../core/money.ts";
import { isFixed } from "../core/pricing.ts";
import type { Route } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkRequired } from "./limits.ts";
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
  const duration = {
    written: pricing.duration ?? (raw.stores?.timeSession ?? raw.stores?.sessions)?.ttlSeconds,
    fix: 'write duration: "15m", or give stores.timeSession a ttlSeconds',
  };
  return { group, cookie, durationMs: checkRequired(duration, `${path}.duration`, LONGEST_MS, faults) };
}

/** Routes that open each other must cost the same: the cheaper would be the price of all. */
export function checkGroups(routes: Route[], faults: Fault[]): void {
  const first = new Map<string, Route>();
  for (const route of routes) {
    if (!route.session) continue;
    const { group, durationMs } = route.session;
    const leader = first.get(group) ?? route;
    first.set(group, leader);
    const several = [leader, route].find(({ pricing }) => !isFixed(pricing));
    if (leader !== route && several) {
      const message = `is in one group with "${leader.key}", and "${several.key}" has several prices`;
      faults.push({ path: `routes.${route.key}.pricing`, message, fix: "use two groups" });
      continue;
    }
    const samePrice = !isDearer(leader.price, route.price) && !isDearer(route.price, leader.price);
    if (leader.session?.durationMs === durationMs && samePrice) continue;
    const message = `is in one group with "${leader.key}", but sells it at another price or for another time`;
    faults.push({ path: `routes.${route.key}.pricing`, message, fix: "make them equal, or use two groups" });
  }
}
