/** `tollbooth serve`: the gateway as a Node server, with a configuration file; and what all servers of the command line share. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { createTollbooth } from "../app.ts";
import { ConfigError } from "../config/faults.ts";
import { load } from "../config/load.ts";
import { listen, node } from "../platform/node.ts";
import { stopSignal } from "../platform/stop.ts";
import { CommandError, type ConfigOptions, configured, readConfig, readEnv } from "./config-file.ts";

type Options = ConfigOptions & { port: number; host?: string; grace: number; reconcile: number };

/** The command. Runs until SIGTERM or SIGINT; a configuration with faults is printed and never served. */
export function serveCommand(): Command {
  return configured("serve")
    .description("run the gateway as a Node server, for containers")
    .addOption(
      new Option("--port <number>", "0 takes a free one").env("PORT").argParser(parsePort).default(8787),
    )
    .addOption(new Option("--host <address>", "where to listen (default: all addresses)").env("HOST"))
    .addOption(
      new Option("--grace <seconds>", "how long calls in flight may take to end on SIGTERM, 0 to 3600")
        .env("GRACE_SECONDS")
        .argParser(parseSeconds)
        .default(20),
    )
    .addOption(
      new Option("--reconcile <seconds>", "how often to look into pending payments, 0 to 3600; 0 never")
        .env("RECONCILE_SECONDS")
        .argParser(parseSeconds)
        .default(60),
    )
    .addHelpText("after", "\nExample:\n  tollbooth serve --config shop.config.ts --port 8787")
    .action(serve);
}

async function serve({ config, envFile, port, host, grace, reconcile }: Options): Promise<void> {
  const source = await readConfig(config);
  const env = await readEnv(envFile);
  await load(source, env).catch((error: unknown) => {
    throw error instanceof ConfigError ? new CommandError(`${config}: ${error.message}`) : error;
  });
  // One object for all requests: the gateway compiles the configuration anew for an environment it does not know.
  const app = createTollbooth(source, { platform: (c) => ({ ...node(c), env }) });
  const times = { graceMs: grace * 1000, reconcileMs: reconcile * 1000 };
  const options = { port, ...(host ? { hostname: host } : {}), ...times, env };
  const server = await listen(app, options).catch((error: unknown) => {
    throw explainListen(error, port);
  });
  await runUntilStopped(server.port, () => server.close());
}

/** Says on standard output that the port is open, waits for SIGTERM or SIGINT, and ends the process clean. */
export async function runUntilStopped(port: number, close: () => Promise<void>): Promise<void> {
  const stopped = stopSignal();
  console.log(JSON.stringify({ timestamp: new Date().toISOString(), level: "info", msg: "listening", port }));
  await stopped;
  await close();
  process.exit(0);
}

/** What to tell somebody whose server could not listen. */
export function explainListen(error: unknown, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return new CommandError(`Port ${port} is busy: stop what listens there, or choose another with --port.`);
  if (code === "EACCES")
    return new CommandError(
      `Port ${port} may not be opened by this user: choose one above 1023 with --port.`,
    );
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new CommandError("The address of --host is not one of this machine.");
  return error;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > 3600)
    throw new InvalidArgumentError("It is a number of seconds, 0 to 3600.");
  return seconds;
}

/** A port number of the command line. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is 0 to 65535.");
  return port;
}
