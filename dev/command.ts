/** `tollbooth dev`: the whole local stack and the gateway in one command. */
import { createServer } from "node:net";
import { Command, InvalidArgumentError, Option } from "commander";
import { CommandError, readConfig, readEnv } from "../src/cli/config-file.ts";
import { writeSpecs } from "../src/cli/specs.ts";
import { load } from "../src/config/load.ts";
import type { Route } from "../src/core/route.ts";
import { bundle, type Runtime } from "./bundle.ts";
import type { Gateway } from "./gateways/process.ts";
import { startGateway } from "./gateways/start.ts";
import { startWranglerDev } from "./gateways/wrangler-dev.ts";
import { type StackPorts, startStack } from "./stack.ts";

type Options = StackPorts & { config: string; runtime: Runtime; port: number; stack: boolean };

const BUNDLES = ".build/dev";

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
    .action(async (options: Options) => {
      const stop = await start(options).catch((error: unknown) => {
        throw new CommandError(explain(error));
      });
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
      });
      await stop();
      process.exit(0);
    });
}

async function start(options: Options): Promise<() => Promise<void>> {
  const source = await readConfig(options.config);
  await writeSpecs({ config: options.config, out: "tollbooth.specs.json" });
  await assertFree(options.port);
  const stack = options.stack ? await startStack(options) : undefined;
  try {
    const env = { ...(await readEnv(undefined)), ...stack?.vars };
    const { routes } = await load(source, env);
    const vars = stack?.vars ?? definedOnly(env);
    const gateway = await startIn(options, vars);
    console.log(
      `\n${[...(stack?.summary ?? []), `gateway      ${gateway.url} (${options.runtime})`].join("\n")}\n`,
    );
    console.log(prices(routes).join("\n"));
    if (stack) console.log(`\n${toTry(gateway.url, routes, stack.chain.url)}`);
    console.log("\nCtrl-C ends it all.");
    return async () => {
      await gateway.stop("SIGTERM");
      await stack?.close();
    };
  } catch (error) {
    await stack?.close();
    throw error;
  }
}

async function startIn({ runtime, config, port }: Options, vars: Record<string, string>): Promise<Gateway> {
  if (runtime === "workers") return startWranglerDev({ config, vars, port });
  await bundle(runtime, config, BUNDLES);
  return startGateway({ runtime, directory: BUNDLES, vars, port });
}

function prices(routes: Route[]): string[] {
  const width = Math.max(...routes.map(({ key }) => key.length)) + 2;
  return routes.map((route) => route.key.padEnd(width) + costOf(route));
}

function costOf({ price, pricing, usage }: Route): string {
  if (!price) return "free";
  if (pricing.models) return "by model";
  if (typeof pricing.otherwise === "function") return "by a function";
  const dollars = `$${Number(price.digits) / 10 ** price.scale}`;
  return usage || pricing.rules.length > 0 ? `up to ${dollars}` : dollars;
}

function toTry(url: string, routes: Route[], rpcUrl: string): string {
  const paid = routes.find(
    ({ price, method, pattern }) => price && method === "GET" && !/[:*]/.test(pattern),
  );
  const path = paid?.pattern ?? "/weather";
  const rpc = rpcUrl === "http://127.0.0.1:8545" ? "" : ` --rpc-url ${rpcUrl}`;
  return [
    "Try, in another terminal:",
    `  curl -i ${url}${path}`,
    `  npm run pay -- ${url}${path}${rpc}`,
    `  npm run pay -- ${url}${path}${rpc} --json`,
  ].join("\n");
}

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as Error & { code?: string; port?: number };
  return code === "EADDRINUSE"
    ? `Port ${port} is busy: stop what listens there, or choose another.`
    : error.message;
}

async function assertFree(port: number): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      reject(new Error(`Port ${port} is busy: stop what listens there, or choose another with --port.`)),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("A port is 0 to 65535.");
  return port;
}
