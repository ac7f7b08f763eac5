/** Routes that sell time or credits: how much of it, and which of them are paid together. */

import { type Compiled, placeOf } from "../core/compiled.ts";
import { hash } from "../core/hash.ts";
import { isDearer } from "../core/money.ts";
import { isFixed } from "../core/pricing.ts";
import type { Route } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkDuration, checkRequired } from "./limits.ts";
import type { RawConfig } from "./schema.ts";
import { hasStore } from "./stores.ts";

type RawRoute = RawConfig["routes"][string];

/** Longest paid time in one go, ms. */
const LONGEST_MS = 366 * 86_400_000;
/** How long credits last unless told, and at most. */
const CREDITS_TTL = "365d";
const LONGEST_TTL_MS = 3660 * 86_400_000;

/** What a payment on this route opens, if it sells time. */
export async function checkSession(
  key: string,
  { pricing }: RawRoute,
  raw: RawConfig,
  faults: Fault[],
): Promise<Route["session"]> {
  if (pricing?.model !== "time") return undefined;
  const path = `routes.${key}.pricing`;
  const sold = await checkGroup(key, pricing.group, raw, faults);
  const duration = {
    written: pricing.duration ?? (raw.stores?.timeSession ?? raw.stores?.sessions)?.ttlSeconds,
    fix: 'write duration: "15m", or give stores.timeSession a ttlSeconds',
  };
  return { ...sold, durationMs: checkRequired(duration, `${path}.duration`, LONGEST_MS, faults) };
}

/** What a payment on this route buys, if it sells credits. */
export async function checkCredits(
  key: string,
  { pricing }: RawRoute,
  raw: RawConfig,
  faults: Fault[],
): Promise<Route["credits"]> {
  if (pricing?.model !== "credits") return undefined;
  const { group, calls, ttl = CREDITS_TTL } = pricing;
  const ttlMs = checkDuration(ttl, `routes.${key}.pricing.ttl`, LONGEST_TTL_MS, faults);
  return { ...(await checkGroup(key, group, raw, faults)), calls, ttlMs };
}

/** The group of a route: the one it names, or itself. */
async function checkGroup(key: string, name: string | undefined, raw: RawConfig, faults: Fault[]) {
  const path = `routes.${key}.pricing`;
  if (name !== undefined && !/^[\w.-]{1,64}$/.test(name)) {
    faults.push({ path: `${path}.group`, message: "is not a name", fix: "use letters, digits and . _ -" });
  }
  if (!hasStore(raw, "timeSession")) {
    const message = "what is paid for ahead needs a store, and there is none";
    faults.push({ path, message, fix: "add stores.redis" });
  }
  const group = name === undefined ? `route ${key}` : `group ${name}`;
  return { group, cookie: (await hash(group)).slice(0, 8) };
}

/** A credit is drawn in the same step in which its payer's payment would be claimed, of the same store. */
export function checkCreditsBesidePayments(
  routes: Route[],
  { timeSession, verificationCache }: Compiled["stores"],
  faults: Fault[],
): void {
  const [credits, payments] = [timeSession, verificationCache].map((at) => at && placeOf(at));
  if (credits === payments) return;
  for (const { key } of routes.filter((route) => route.credits)) {
    const message = "sells credits, and that takes one store for sessions and payments";
    const fix = "leave out the address of stores.timeSession";
    faults.push({ path: `routes.${key}.pricing`, message, fix });
  }
}

/** Routes that open each other must cost the same: the cheaper would be the price of all. */
export function checkGroups(routes: Route[], faults: Fault[]): void {
  const first = new Map<string, Route>();
  for (const route of routes) {
    const group = (route.session ?? route.credits)?.group;
    if (group === undefined) continue;
    const leader = first.get(group) ?? route;
    first.set(group, leader);
    const several = [leader, route].find(({ pricing }) => !isFixed(pricing));
    if (leader !== route && several) {
      const message = `is in one group with "${leader.key}", and "${several.key}" has several prices`;
      faults.push({ path: `routes.${route.key}.pricing`, message, fix: "use two groups" });
      continue;
    }
    const samePrice = !isDearer(leader.price, route.price) && !isDearer(route.price, leader.price);
    const isSame =
      JSON.stringify([leader.session, leader.credits]) === JSON.stringify([route.session, route.credits]);
    if (isSame && samePrice) continue;
    const message = `is in one group with "${leader.key}", but does not sell the same at the same price`;
    faults.push({ path: `routes.${route.key}.pricing`, message, fix: "make them equal, or use two groups" });
  }
}
