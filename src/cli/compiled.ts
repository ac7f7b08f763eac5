/** The compiled configuration, for commands that go out to what it names. */
import { ConfigError } from "../config/faults.ts";
import { load } from "../config/load.ts";
import type { Compiled, RedisConnection } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import { CommandError, type ConfigOptions, readConfig, readEnv } from "./config-file.ts";

/** Loads it. @throws CommandError with every fault */
export async function readCompiled({ config, envFile }: ConfigOptions): Promise<Compiled> {
  const source = await readConfig(config);
  try {
    return await load(source, await readEnv(envFile));
  } catch (error) {
    throw error instanceof ConfigError ? new CommandError(`${config}: ${error.message}`) : error;
  }
}

/** Work on the stores; what they do not answer is one sentence. @throws CommandError */
export async function onStores<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new CommandError(`The store does not answer: ${String(error.details.cause)}.`);
  }
}

/** The stores' connections, each once. */
export function connectionsOf({ stores }: Compiled): RedisConnection[] {
  const byPlace = new Map<string, RedisConnection>();
  for (const connection of Object.values(stores)) {
    if (connection)
      byPlace.set(JSON.stringify([connection.url, connection.token, connection.prefix]), connection);
  }
  return [...byPlace.values()];
}
