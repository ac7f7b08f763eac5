/** Nothing is written that would not be taken: the file's text is loaded as the gateway loads it. */
import { resolve } from "node:path";
import { createJiti } from "jiti";
import { type ConfigSource, defineConfig } from "../../config/define.ts";
import { ConfigError, type Fault } from "../../config/faults.ts";
import { load } from "../../config/load.ts";
import { type Draft, render, toValues } from "./draft.ts";

/** The faults of a draft, but for variables that are not set here. */
export async function faultsOf(config: Record<string, unknown>): Promise<Fault[]> {
  return faults(() => toValues(config), {});
}

/**
 * The text of the file, which has been read back and loaded.
 * @throws ConfigError when it would not be taken
 */
export async function renderChecked(
  draft: Draft,
  folder: string,
  env: Record<string, string>,
): Promise<string> {
  const text = render(draft);
  // The functions it imports are the user's, and are not run to find out whether a file can be written.
  const stubs = draft.imports.map(({ name }) => `const ${name} = () => undefined;`);
  const body = render({ ...draft, imports: [] });
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    virtualModules: { "tollbooth-edge": { defineConfig } },
  });
  const module: unknown = jiti.evalModule([...stubs, body].join("\n"), {
    filename: resolve(folder, "tollbooth.config.ts"),
  });
  const found = await faults(sourceIn(module), env);
  if (found.length > 0) throw new ConfigError(found);
  return text;
}

function sourceIn(module: unknown): ConfigSource {
  const source: unknown =
    typeof module === "object" && module !== null && "default" in module ? module.default : module;
  if (typeof source !== "function") throw new Error("The configuration that was written exports nothing.");
  return source as ConfigSource;
}

async function faults(source: ConfigSource, env: Record<string, string>): Promise<Fault[]> {
  try {
    await load(source, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.filter(({ kind }) => kind !== "env");
  }
}
