/** A configuration with nothing wrong and nothing to spare; each test changes one thing in it. */
import { expect } from "vitest";
import { ConfigError, type Fault } from "../../src/config/faults.ts";
import { load } from "../../src/config/load.ts";
import type { Compiled, RedisConnection } from "../../src/core/compiled.ts";

export const WALLET = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/** Loose on purpose: faults are what the types would not allow. */
export type Loose = {
  gateway?: Record<string, unknown>;
  wallets?: Record<string, unknown>;
  accepts?: Record<string, unknown>[];
  defaults?: Record<string, unknown>;
  facilitator?: unknown;
  upstreams: Record<string, Record<string, unknown>>;
  routes: Record<string, Record<string, unknown>>;
  stores?: Record<string, unknown>;
  [unknown: string]: unknown;
};

/** Changes the valid configuration. */
export type Change = (config: Loose) => unknown;

export function valid(): Loose {
  return {
    wallets: { base: WALLET },
    accepts: [{ asset: "USDC", network: "base" }],
    facilitator: "https://facilitator.example",
    upstreams: { api: { url: "https://api.example" } },
    routes: { "GET /weather": { upstream: "api", price: "$0.01" } },
    stores: { redis: { url: "https://redis.example", token: "t" } },
  };
}

function changed(change: Change): Loose {
  const config = valid();
  change(config);
  return config;
}

/** Loads the valid configuration with one change. @throws ConfigError */
export function loadWith(change: Change, env: Record<string, unknown> = {}): Promise<Compiled> {
  return load(() => changed(change), env);
}

/** Where the payment records of a configuration are. */
export function recordsOf({ stores }: Compiled): RedisConnection | undefined {
  return stores.verificationCache;
}

/** Every fault that one change brings. */
export async function faultsOf(change: Change, env: Record<string, unknown> = {}): Promise<Fault[]> {
  try {
    await loadWith(change, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

/** Sets a member of the one route. */
export function onRoute(members: Record<string, unknown>): Change {
  return ({ routes }) => Object.assign(routes["GET /weather"] ?? {}, members);
}

/** Replaces the one route by free ones with these keys. */
export function withKeys(...keys: string[]): Change {
  return (config) => {
    config.routes = Object.fromEntries(keys.map((key) => [key, { upstream: "api", price: "$0" }]));
  };
}

/** A change and the one fault that it must bring. */
export type Row = [change: Change, path: string, message: string, fix: string];

export async function expectFault([change, path, message, fix]: Row): Promise<void> {
  expect(await faultsOf(change)).toEqual([{ path, message, fix }]);
}

/** Replaces members of the configuration. */
export const set =
  (members: Record<string, unknown>): Change =>
  (config) =>
    Object.assign(config, members);
