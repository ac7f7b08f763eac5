/** The front door for `tollbooth.config.ts`. */
import type { RouteKey, TollboothConfig } from "./typed.ts";

/** The platform's variables and bindings. */
export type Env = Record<string, unknown>;

/** What `defineConfig` returns and `createTollbooth` takes. */
export type ConfigSource = (env: Env) => unknown;

/**
 * Types a configuration; nothing is checked until the gateway starts or `tollbooth validate` runs.
 * @example
 * export default defineConfig({
 *   wallets: { base: "0x…" },
 *   accepts: [{ asset: "USDC", network: "base" }],
 *   facilitator: "https://facilitator.example.com",
 *   upstreams: { api: { url: "https://api.example.com" } },
 *   routes: { "GET /weather": { upstream: "api", price: "$0.01" } },
 *   stores: { redis: { url: "${UPSTASH_REDIS_REST_URL}", token: "${UPSTASH_REDIS_REST_TOKEN}" } },
 * });
 */
export function defineConfig<const Upstreams extends string, Keys extends RouteKey>(
  config: TollboothConfig<Upstreams, Keys> | ((env: Env) => TollboothConfig<Upstreams, Keys>),
): ConfigSource {
  return typeof config === "function" ? config : () => config;
}
