/** `tollbooth specs`: makes upstreams' descriptions in files a part of what is bundled, since the edge has no files. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { type ConfigOptions, configured, readEnv, readSource } from "./config-file.ts";
import { filesOf, invalidity } from "./descriptions.ts";
import { printJson } from "./terminal.ts";

/** What `#tollbooth-specs` of package.json names. */
const OUT = "tollbooth.specs.json";

type Options = ConfigOptions & { out: string; json?: boolean };

/** A file that was written into the one; `problem` is why it is not valid OpenAPI, if it is not. */
export type Written = { file: string; problem?: string };

/** The command. */
export function specsCommand(): Command {
  return configured("specs")
    .description("write the OpenAPI files that the configuration names into one, to be bundled")
    .option("--out <file>", "where to", OUT)
    .option("--json", "print { out, files } as JSON")
    .addHelpText("after", "\nExample:\n  tollbooth specs && wrangler deploy")
    .action(async ({ json, ...options }: Options) => {
      const files = await writeSpecs(options);
      if (json) printJson({ out: options.out, files });
      else for (const written of files) console.log(describe(written));
    });
}

/** Writes the file, unless it is as it should be; gives what there is to say. @throws DescriptionError, CommandError */
export async function writeSpecs({ config, envFile, out }: Omit<Options, "json">): Promise<Written[]> {
  const source = await readSource(config);
  const files = filesOf(source(await readEnv(envFile)), dirname(resolve(config)));
  const text = `${JSON.stringify(files)}\n`;
  const isSame = existsSync(out) && (await readFile(out, "utf8")) === text;
  if (!isSame) await writeFile(out, text);
  const said = Object.entries(files).map(async ([file, document]) => {
    const problem = await invalidity(document);
    return { file, ...(problem === undefined ? {} : { problem }) };
  });
  return Promise.all(said);
}

function describe({ file, problem }: Written): string {
  return problem === undefined ? `${file}: valid.` : `${file}: used, but not valid OpenAPI: ${problem}`;
}
