/** Packages that only `dev` and `pay` need: a project that serves does not have to install them. */
import { CommandError } from "../src/cli/config-file.ts";

/** Package → what is imported of it, where that is not its name. */
const ENTRIES: Record<string, string> = {
  "js-redis-server": "js-redis-server/core",
  wrangler: "wrangler/package.json",
};

/** What each of them imports. */
export const NEEDED = {
  pay: ["viem", "@x402/fetch"],
  dev: ["viem", "esbuild", "js-redis-server"],
  workers: ["wrangler"],
  vercel: ["edge-runtime"],
  node: [],
} as const;

/** @throws CommandError that names those that are not there, and how to get them */
export function assertInstalled(command: string, packages: readonly string[]): void {
  const missing = packages.filter((name) => !isInstalled(ENTRIES[name] ?? name));
  if (missing.length === 0) return;
  throw new CommandError(
    `tollbooth ${command} needs ${missing.join(", ")}, which serving does without. Run: npm install --save-dev ${missing.join(" ")}`,
  );
}

function isInstalled(entry: string): boolean {
  try {
    import.meta.resolve(entry);
    return true;
  } catch {
    return false;
  }
}
