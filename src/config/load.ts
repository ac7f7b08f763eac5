/**
 * From what the user wrote to what the rooms read. Three passes, each adding its faults to the same list: variables,
 * shape, and what the shape is worth. Either everything is right or `ConfigError` names everything that is not. No I/O.
 */
import { toCaip2 } from "../core/assets.ts";
import type { Compiled, RedisConnection } from "../core/route.ts";
import type { ConfigSource, Env } from "./define.ts";
import { interpolate } from "./env.ts";
import { ConfigError, type Fault } from "./faults.ts";
import { checkFacilitator, checkOffers } from "./payments.ts";
import { checkRoutes } from "./routes.ts";
import type { RawConfig } from "./schema.ts";
import { checkShape } from "./shape.ts";
import { checkUpstreams, toMs } from "./upstreams.ts";
import { asPrefix, checkUrl } from "./urls.ts";

/** Compiles a configuration with the platform's variables. @throws ConfigError with every fault */
export async function load(source: ConfigSource, env: Env): Promise<Compiled> {
  const faults: Fault[] = [];
  const raw = checkShape(interpolate(source(env), env, "", faults), faults);
  const compiled = raw && (await check(raw, faults));
  if (!compiled || faults.length > 0) throw new ConfigError(faults);
  return compiled;
}

async function check(raw: RawConfig, faults: Fault[]): Promise<Compiled> {
  const { redis: redisSeconds = 2, facilitator: facilitatorSeconds = 20 } = raw.gateway?.timeouts ?? {};
  const offers = await checkOffers(raw, faults);
  const facilitator = checkFacilitator(raw, toMs(facilitatorSeconds), faults);
  const redis = checkRedis(raw, toMs(redisSeconds), faults);
  const routes = checkRoutes(raw, checkUpstreams(raw, faults), offers, faults);
  if (Object.keys(raw.routes).length === 0) faults.push({ path: "routes", message: "there are none" });
  const paid = routes.find((route) => route.price !== undefined);
  if (paid) checkWhatPaymentNeeds(paid.key, raw, faults);
  return { routes, redis, facilitator };
}

function checkRedis({ stores }: RawConfig, timeoutMs: number, faults: Fault[]): RedisConnection | undefined {
  if (!stores?.redis) return undefined;
  const { url: text, token, prefix = "tollbooth" } = stores.redis;
  const url = checkUrl(text, "stores.redis.url", true, faults);
  if (!/^[\w.:-]{1,64}$/.test(prefix)) {
    const fix = "use letters, digits and . : _ -";
    faults.push({ path: "stores.redis.prefix", message: `"${prefix}" is not a key prefix`, fix });
  }
  if (token === "")
    faults.push({ path: "stores.redis.token", message: "is empty", fix: "Upstash shows it next to the URL" });
  return url && { url: asPrefix(url), token, prefix: prefix.replace(/:+$/, ""), timeoutMs };
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
  if (!raw.stores?.redis) {
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
