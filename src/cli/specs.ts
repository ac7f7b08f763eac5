/** `tollbooth specs`: makes upstreams' descriptions in files a part of what is bundled, since the edge has no files. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { type ConfigOptions, configured, readEnv, readSource } from "./config-file.ts";
import { filesOf, invalidity } from "./descriptions.ts";

/** What `#tollbooth-specs` of package.json names. */
const OUT = "tollbooth.specs.json";

type Options = ConfigOptions & { out: string };

/** The command. */
export function specsCommand(): Command {
  return configured("specs")
    .description("write the OpenAPI files that the configuration names into one, to be bundled")
    .option("--out <file>", "where to", OUT)
    .addHelpText("after", "\nExample:\n  tollbooth specs && wrangler deploy")
    .action(async (options: Options) => {
      for (const line of await writeSpecs(options)) console.log(line);
    });
}

/** Writes the file, unless it is as it should be; gives what there is to say. @throws DescriptionError, CommandError */
export async function writeSpecs({ config, envFile, out }: Options): Promise<string[]> {
  const source = await readSource(config);
  const files = filesOf(source(await readEnv(envFile)), dirname(resolve(config)));
  const text = `${JSON.stringify(files)}\n`;
  const isSame = existsSync(out) && (await readFile(out, "utf8")) === text;
  if (!isSame) await writeFile(out, text);
  const said = Object.entries(files).map(async ([file, document]) => {
    const problem = await invalidity(document);
    return problem === undefined ? `${file}: valid.` : `${file}: used, but not valid OpenAPI: ${problem}`;
  });
  return Promise.all(said);
}
