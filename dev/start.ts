/** Starts what `tollbooth dev` runs. Apart from the command, because this needs packages that serving does without. */
import { createServer } from "node:net";
import { extname, join } from "node:path";
import { readConfig, readEnv } from "../src/cli/config-file.ts";
import { writeSpecs } from "../src/cli/specs.ts";
import { load } from "../src/config/load.ts";
import type { Route } from "../src/core/route.ts";
import { bundle, type Runtime } from "./bundle.ts";
import { type Gateway, startProcess } from "./gateways/process.ts";
import { startGateway } from "./gateways/start.ts";
import { startWranglerDev } from "./gateways/wrangler-dev.ts";
import { type StackPorts, startStack } from "./stack.ts";

/** What to run, and where. */
export type DevOptions = StackPorts & { config: string; runtime: Runtime; port: number; stack: boolean };

const BUNDLES = ".build/dev";
/** `.ts` in the repository, `.js` in the package. */
const EXTENSION = extname(import.meta.filename);
const PAY = EXTENSION === ".ts" ? "npm run pay --" : "npx tollbooth pay";

/** Starts it all; gives what ends it. @throws Error with a sentence for people */
export async function startDev(options: DevOptions): Promise<() => Promise<void>> {
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

async function startIn(
  { runtime, config, port }: DevOptions,
  vars: Record<string, string>,
): Promise<Gateway> {
  if (runtime === "workers") return startWranglerDev({ config, vars, port });
  if (runtime === "node") return startServe(config, vars, port);
  await bundle(runtime, config, BUNDLES);
  return startGateway({ runtime, directory: BUNDLES, vars, port });
}

/** The gateway as `tollbooth serve` runs it. */
function startServe(config: string, vars: Record<string, string>, port: number): Promise<Gateway> {
  const main = join(import.meta.dirname, `../src/cli/main${EXTENSION}`);
  const args = [main, "serve", "--config", config, "--port", String(port), "--host", "127.0.0.1"];
  return startProcess(
    process.execPath,
    args,
    { PATH: process.env.PATH, ...vars },
    {
      fd: 1,
      port: (output) => Number(/"port":(\d+)/.exec(output)?.[1]) || undefined,
    },
  );
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
    `  ${PAY} ${url}${path}${rpc}`,
    `  ${PAY} ${url}${path}${rpc} --json`,
  ].join("\n");
}

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
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
