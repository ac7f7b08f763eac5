/** `tollbooth validate`: the checks of the gateway's first request, in a terminal. */
import type { Command } from "commander";
import { ConfigError, type Fault } from "../config/faults.ts";
import { load } from "../config/load.ts";
import { type ConfigOptions, configured, readConfig, readEnv } from "./config-file.ts";

type Options = ConfigOptions & { env: boolean; json?: boolean };

/** The command; exits 1 when the configuration has faults. */
export function validateCommand(): Command {
  return configured("validate")
    .description("check the configuration and print every fault, with what to write instead")
    .option(
      "--no-env",
      "do not mind variables that are not set here, e.g. secrets that only the platform has",
    )
    .option("--json", "print { valid, faults } as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth validate --config shop.config.ts --no-env")
    .action(async (options: Options) => {
      const faults = await findFaults(options);
      const valid = faults.length === 0;
      if (options.json) console.log(JSON.stringify({ valid, faults }, null, 2));
      else if (valid) console.log(`${options.config}: no faults.`);
      else console.error(`${options.config}: ${new ConfigError(faults).message}`);
      process.exitCode = valid ? 0 : 1;
    });
}

async function findFaults({ config, envFile, env }: Options): Promise<Fault[]> {
  const source = await readConfig(config);
  try {
    await load(source, await readEnv(envFile));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return env ? error.faults : error.faults.filter(({ kind }) => kind !== "env");
  }
}
