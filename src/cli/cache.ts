/** `tollbooth cache purge`: makes every instance forget kept answers. */
import { Command } from "commander";
import type { Compiled } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import { composePurge } from "../errands.ts";
import { onStores, readCompiled } from "./compiled.ts";
import { CommandError, type ConfigOptions, configured } from "./config-file.ts";

type Options = ConfigOptions & {
  all?: boolean;
  route?: string[];
  url?: string[];
  tag?: string[];
  json?: boolean;
};

/** The command. */
export function cacheCommand(): Command {
  const purge = configured("purge")
    .description("forget kept answers; no instance hands them out any more from then on")
    .option("--all", "all of them")
    .option("--route <key...>", 'those of a route, as it is configured: "GET /data/:id"')
    .option("--url <url...>", "those of a URL, as clients ask for it")
    .option("--tag <tag...>", "those that the upstream has given this Cache-Tag")
    .option("--json", "print what was named as JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  tollbooth cache purge --route "GET /data/:id"\n  tollbooth cache purge --url https://api.example.com/data/7 --tag prices',
    )
    .action(async ({ json, ...options }: Options) => {
      const purged = await purgeCache(await readCompiled(options), options);
      console.log(json ? JSON.stringify(purged) : render(purged));
    });
  return new Command("cache").description("answers that are kept for everybody").addCommand(purge);
}

/** Forgets; gives how many of each were named. @throws CommandError */
export async function purgeCache(
  compiled: Compiled,
  { all, route, url, tag }: Omit<Options, "json" | keyof ConfigOptions>,
): Promise<{ routes: number; urls: number; tags: number }> {
  if (!compiled.stores.responseCache)
    throw new CommandError("The configuration has no store, so nothing is kept.");
  return onStores(async () => {
    try {
      return await composePurge(compiled)({ all, routes: route, urls: url, tags: tag });
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === "purge_invalid")) throw error;
      throw new CommandError(`${error.details.detail} Name --all, --route, --url or --tag.`);
    }
  });
}

function render(purged: { routes: number; urls: number; tags: number }): string {
  const named = Object.entries(purged).filter(([, count]) => count > 0);
  return `Forgotten: ${named.map(([what, count]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`).join(", ")}.`;
}
