/** Reads a `tollbooth.config.ts` and the variables it names, as a terminal sees them. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseEnv } from "node:util";
import { Command } from "commander";
import { createJiti } from "jiti";
import type { ConfigSource } from "../config/define.ts";
import * as tollbooth from "../index.ts";
import { withFiles } from "./descriptions.ts";
import { noteSecrets } from "./terminal.ts";

/** A problem that the user can solve; the command prints the sentence and exits 1. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** A command that was written wrongly; the command prints the sentence and exits 2. */
export class UsageError extends CommandError {
  override name = "UsageError";
}

/** Where the configuration and its variables are. */
export type ConfigOptions = { config: string; envFile?: string[] };

/** A command that takes a configuration. */
export function configured(name: string): Command {
  return new Command(name)
    .option("-c, --config <file>", "configuration file", "tollbooth.config.ts")
    .option(
      "--env-file <file...>",
      "files with variables (default: .env and .dev.vars, where there are such)",
    );
}

/** Files with variables that are read when no other is named, as wrangler and most tools do. */
const ENV_FILES = [".env", ".dev.vars"];

/** A configuration file, with the descriptions of upstreams that it names by file. @throws CommandError */
export async function readConfig(path: string): Promise<ConfigSource> {
  const source = await readSource(path);
  return (env) => withFiles(source(env), dirname(resolve(path)));
}

/** The default export of a configuration file. @throws CommandError */
export async function readSource(path: string): Promise<ConfigSource> {
  const file = resolve(path);
  if (!existsSync(file)) throw new CommandError(`There is no ${path}. Name another with --config.`);
  // Node reads TypeScript by itself, in a fifth of the time; what it cannot read (enums, `tollbooth-edge` where it is not installed) jiti can.
  // The package itself, so that a project is checked by the tollbooth that was called, installed in it or not.
  const virtualModules = { "tollbooth-edge": tollbooth };
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    tryNative: true,
    virtualModules,
  });
  const source: unknown = await jiti.import(file, { default: true }).catch((cause: unknown) => {
    throw new CommandError(
      `${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  });
  if (typeof source === "function") return source as ConfigSource;
  throw new CommandError(`${path} has no default export made by defineConfig(…).`);
}

/** The process's variables, with those of the files for what it does not have. @throws CommandError */
export async function readEnv(named: string[] | undefined): Promise<Record<string, string | undefined>> {
  const variables: Record<string, string | undefined> = {};
  for (const path of named ?? ENV_FILES.filter((file) => existsSync(file))) {
    const text = await readFile(path, "utf8").catch(() => {
      throw new CommandError(`${path} cannot be read.`);
    });
    Object.assign(variables, parseEnv(text));
  }
  noteSecrets(variables);
  return { ...variables, ...process.env };
}
