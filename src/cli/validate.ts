/** `tollbooth validate`: the checks of the gateway's first request, in a terminal. */
import type { Command } from "commander";
import { ConfigError, type Fault } from "../config/faults.ts";
import { load } from "../config/load.ts";
import { type Notice, noticesOf } from "../config/notices.ts";
import type { Compiled } from "../core/compiled.ts";
import { type ConfigOptions, configured, readConfig, readEnv } from "./config-file.ts";
import { invalidity } from "./descriptions.ts";
import { hideSecrets, paint, printJson } from "./terminal.ts";

type Options = ConfigOptions & { env: boolean; json?: boolean };

/** The command; exits 1 when the configuration has faults. */
export function validateCommand(): Command {
  return configured("validate")
    .description("check the configuration and print every fault, with what to write instead")
    .option(
      "--no-env",
      "do not mind variables that are not set here, e.g. secrets that only the platform has",
    )
    .option("--json", "print { valid, faults, notices } as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth validate --config shop.config.ts --no-env")
    .action(async (options: Options) => {
      const { faults, notices } = await check(options);
      const valid = faults.length === 0;
      if (options.json) printJson({ valid, faults, notices });
      else if (valid)
        console.log([paint("green", `${options.config}: no faults.`), ...notices.map(show)].join("\n"));
      else console.error(hideSecrets(`${options.config}: ${new ConfigError(faults).message}`));
      process.exitCode = valid ? 0 : 1;
    });
}

async function check({ config, envFile, env }: Options): Promise<{ faults: Fault[]; notices: Notice[] }> {
  const source = await readConfig(config);
  try {
    const compiled = await load(source, await readEnv(envFile));
    return { faults: [], notices: [...noticesOf(compiled), ...(await invalid(compiled))] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { faults: env ? error.faults : error.faults.filter(({ kind }) => kind !== "env"), notices: [] };
  }
}

/** Descriptions that are used, and are not what their version's schema says. */
async function invalid({ routes }: Compiled): Promise<Notice[]> {
  const described = new Map(routes.map(({ operation, upstream }) => [operation?.document, upstream.name]));
  const all = [...described].map(async ([document, name]) => {
    const problem = document && (await invalidity(document));
    return problem === undefined
      ? []
      : [{ routes: [], message: `upstreams.${name}.openapi is not valid: ${problem}` }];
  });
  return (await Promise.all(all)).flat();
}

function show({ routes, message }: Notice): string {
  const [first, ...others] = routes.map((route) => `"${route}"`);
  if (first === undefined) return `To know: ${message}.`;
  const more =
    others.length > 2 ? ` and ${others.length} more` : others.map((route) => `, ${route}`).join("");
  return `To know of ${first}${more}: ${message}.`;
}
