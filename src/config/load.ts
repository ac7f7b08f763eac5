/**
 * From what the user wrote to what the rooms read. Three passes, each adding its faults to the same list: variables,
 * shape, and what the shape is worth. Either everything is right or `ConfigError` names everything that is not. No I/O.
 */

import type { Compiled } from "../core/compiled.ts";
import { parsePrice } from "../core/money.ts";
import { toCaip2 } from "../core/networks.ts";
import { checkCors, checkRequestLimits } from "./arrival.ts";
import type { ConfigSource, Env } from "./define.ts";
import { interpolate } from "./env.ts";
import { ConfigError, type Fault } from "./faults.ts";
import { checkLedger } from "./ledger.ts";
import { checkPayersCounted } from "./limits.ts";
import { checkDiscovery } from "./metadata.ts";
import { checkObserving } from "./observing.ts";
import { checkOffers } from "./offers.ts";
import { type Expanded, expand, type Learned } from "./openapi.ts";
import { sortFaults } from "./operations.ts";
import { checkAdmin, checkHealthPaths } from "./operators.ts";
import { checkFacilitator, checkRpc } from "./payments.ts";
import { checkPaywall } from "./paywall.ts";
import { checkProxies } from "./proxies.ts";
import { checkRoutes } from "./routes.ts";
import type { RawConfig } from "./schema.ts";
import { checkCreditsBesidePayments } from "./sessions.ts";
import { checkShape } from "./shape.ts";
import { checkStores, hasStore } from "./stores.ts";
import { checkUpstreams, toMs } from "./upstreams.ts";

/** Goma's timeouts of a server. Taking them for something else would be worse than refusing them. */
const CLIENT_TIMEOUTS = {
  write: "leave it out; gateway.timeouts.upstream limits the wait for an answer's headers",
  read: "leave it out; gateway.timeouts.redis limits the wait for the store",
  idle: "leave it out",
};

/**
 * Compiles a configuration with the platform's variables, and with what was learned of the descriptions that it names.
 * @throws ConfigError with every fault
 */
export async function load(source: ConfigSource, env: Env, learned: Learned = {}): Promise<Compiled> {
  const faults: Fault[] = [];
  const raw = checkShape(interpolate(source(env), env, "", faults), faults);
  if (!raw) throw new ConfigError(faults);
  const { compiled, found } = await attempt(raw, env, learned, new Map());
  faults.push(...found);
  if (!compiled || faults.length > 0) throw new ConfigError(faults);
  return compiled;
}

/** Once more without what was fetched and cannot be sold: that is not the configuration's fault. */
async function attempt(
  raw: RawConfig,
  env: Env,
  learned: Learned,
  without: ReadonlyMap<string, string>,
): Promise<{ compiled?: Compiled; found: Fault[] }> {
  const faults: Fault[] = [];
  const expanded = expand(raw, learned, without, faults);
  const compiled = await check(expanded, learned, env, faults);
  const { faults: found, unsold } = sortFaults(expanded, faults);
  if (found.length > 0 || unsold.size === 0) return { compiled, found };
  return attempt(raw, env, learned, new Map([...without, ...unsold]));
}

async function check(
  { raw, ...described }: Expanded,
  { urls = {} }: Learned,
  env: Env,
  faults: Fault[],
): Promise<Compiled> {
  const { redis: redisSeconds = 2, facilitator: facilitatorSeconds = 20 } = raw.gateway?.timeouts ?? {};
  const offers = await checkOffers(raw, faults);
  const facilitator = checkFacilitator(raw, toMs(facilitatorSeconds), faults);
  checkTimeouts(raw.gateway?.timeouts ?? {}, faults);
  const stores = checkLedger(raw, checkStores(raw, toMs(redisSeconds), faults), faults);
  const { operations, specUrls, leftOut } = described;
  const routes = await checkRoutes(raw, await checkUpstreams(raw, env, faults), offers, operations, faults);
  checkPayersCounted(routes, stores, faults);
  checkCreditsBesidePayments(routes, stores, faults);
  if (Object.keys(raw.routes).length === 0 && specUrls.length === 0)
    faults.push({ path: "routes", message: "there are none" });
  // Of the routes as written: a fault in the only priced one must not hide that nothing can be paid for it.
  const paid = Object.entries(raw.routes).find(([, route]) => !isFree(route, raw));
  if (paid) checkWhatPaymentNeeds(paid[0], raw, faults);
  return {
    routes,
    stores,
    facilitator,
    proxies: checkProxies(raw, faults),
    cors: checkCors(raw, faults),
    limits: checkRequestLimits(raw),
    paywall: checkPaywall(raw, faults),
    adminToken: checkAdmin(raw, faults),
    health: checkHealthPaths(raw, faults),
    observing: checkObserving(raw, env, stores, faults),
    rpc: checkRpc(raw, faults),
    discovery: checkDiscovery(raw),
    specUrls,
    isComplete: specUrls.every((url) => Object.hasOwn(urls, url)),
    leftOut,
  };
}

function isFree(route: RawConfig["routes"][string], raw: RawConfig): boolean {
  const { price, fallback, match, type, pricing } = route;
  if (match || type || pricing?.model === "usage") return false;
  const text = price ?? fallback ?? raw.defaults?.price;
  return typeof text === "string" && parsePrice(text)?.amount.digits === 0n;
}

function checkTimeouts(timeouts: object, faults: Fault[]): void {
  for (const [name, ours] of Object.entries(CLIENT_TIMEOUTS)) {
    if (!Object.hasOwn(timeouts, name)) continue;
    const message = "is about clients' connections, and those are the platform's";
    faults.push({ path: `gateway.timeouts.${name}`, message, fix: ours });
  }
}

function checkWhatPaymentNeeds(route: string, raw: RawConfig, faults: Fault[]): void {
  const needed = `"${route}" has a price`;
  if (!raw.accepts?.length) {
    faults.push({
      path: "accepts",
      message: `${needed}, but nothing is accepted`,
      fix: 'add { asset: "USDC", network: "base" }',
    });
  }
  if (!hasStore(raw, "verificationCache")) {
    const fix = 'add redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" }';
    faults.push({ path: "stores", message: `${needed}, and payments need a store`, fix });
  }
  for (const { network } of raw.accepts ?? []) checkSettler(network, raw, faults);
}

function checkSettler(network: string, { facilitator }: RawConfig, faults: Fault[]): void {
  if (typeof facilitator === "string" || facilitator?.default !== undefined) return;
  const chains = Object.keys(facilitator?.chains ?? {}).map((name) => toCaip2(name));
  if (chains.includes(toCaip2(network))) return;
  const fix = 'write facilitator: "https://…"; https://x402.org/facilitator serves test networks';
  faults.push({ path: "facilitator", message: `nobody settles payments on ${network}`, fix });
}
