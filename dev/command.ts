/** `tollbooth dev`: the whole local stack and the gateway in one command. */
import { Command, Option } from "commander";
import { CommandError } from "../src/cli/config-file.ts";
import { parsePort } from "../src/cli/serve.ts";
import { assertInstalled, NEEDED } from "./needs.ts";
import type { DevOptions } from "./start.ts";

/** The command. Runs until SIGINT or SIGTERM and leaves no process and no port behind. */
export function devCommand(): Command {
  const port = (flag: string, what: string, value: number) =>
    new Option(`${flag} <number>`, what).argParser(parsePort).default(value);
  return new Command("dev")
    .description(
      "run the gateway with a local store, chain, facilitator, demo upstream and a payer with money",
    )
    .option("-c, --config <file>", "configuration file", "tollbooth.config.ts")
    .addOption(
      new Option("--runtime <name>", "where the gateway runs")
        .choices(["workers", "vercel", "node"])
        .default("workers"),
    )
    .addOption(port("--port", "gateway", 8787))
    .addOption(port("--redis-port", "store (HTTP)", 8079))
    .addOption(port("--chain-port", "chain", 8545))
    .addOption(port("--facilitator-port", "facilitator", 4020))
    .addOption(port("--upstream-port", "demo upstream", 4000))
    .option("--no-stack", "only the gateway, against what the environment (.env, .dev.vars) names")
    .addHelpText("after", "\nExamples:\n  tollbooth dev\n  tollbooth dev --runtime node --port 3000")
    .action(async (options: DevOptions) => {
      assertInstalled("dev", [...NEEDED.dev, ...NEEDED[options.runtime]]);
      const { startDev } = await import("./start.ts");
      const stop = await startDev(options).catch((error: unknown) => {
        throw new CommandError(explain(error));
      });
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
      });
      await stop();
      process.exit(0);
    });
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as Error & { code?: string; port?: number };
  return code === "EADDRINUSE"
    ? `Port ${port} is busy: stop what listens there, or choose another.`
    : error.message;
}
