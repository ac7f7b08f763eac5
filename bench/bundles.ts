/** The three workers as they would be deployed: bundled by wrangler, weighed, and taken apart by package. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { findWrangler, QUIET_WRANGLER } from "../dev/bundle.ts";

/** What is compared: the gateway, a bare proxy, and the proxy behind the x402 SDK's middleware. */
export type WorkerName = "gateway" | "proxy" | "sdk";

/** The bytes of one bundle. */
export type Weight = {
  worker: WorkerName;
  minified: number;
  gzipped: number;
  /** Minified bytes by package, the largest first. */
  packages: [name: string, bytes: number][];
};

type Metafile = { outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }> };

const SOURCES: Record<WorkerName, { entry: string; args: string[] }> = {
  gateway: {
    entry: "src/entry/cloudflare.ts",
    args: ["--alias", `#tollbooth-config:${resolve("bench/workers/gateway.config.ts")}`],
  },
  proxy: { entry: "bench/workers/proxy.ts", args: [] },
  sdk: { entry: "bench/workers/sdk.ts", args: ["--compatibility-flags", "nodejs_compat"] },
};

/** All three. */
export const WORKERS: readonly WorkerName[] = ["gateway", "proxy", "sdk"];

/** Where a worker's bundle is. */
export function scriptOf(worker: WorkerName): string {
  return resolve(folderOf(worker), basename(SOURCES[worker].entry).replace(/ts$/, "js"));
}

/** Bundles a worker and weighs it. @throws with wrangler's words */
export async function buildWorker(worker: WorkerName): Promise<Weight> {
  const { entry, args } = SOURCES[worker];
  const metafile = join(folderOf(worker), "meta.json");
  await wrangler([entry, "--outdir", folderOf(worker), "--metafile", metafile, ...args]);
  const script = await readFile(scriptOf(worker));
  const meta: Metafile = JSON.parse(await readFile(metafile, "utf8"));
  return {
    worker,
    minified: script.length,
    gzipped: gzipSync(script, { level: 9 }).length,
    packages: byPackage(meta),
  };
}

function folderOf(worker: WorkerName): string {
  return resolve(".build/bench", worker);
}

async function wrangler(args: string[]): Promise<void> {
  const child = spawn(process.execPath, [findWrangler(), "deploy", "--dry-run", "--minify", ...args], {
    env: { ...process.env, ...QUIET_WRANGLER },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`wrangler could not bundle ${args[0]}:\n${output}`);
}

function byPackage({ outputs }: Metafile): [string, number][] {
  const sums = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packageOf(path);
      sums.set(name, (sums.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...sums].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
}

function packageOf(path: string): string {
  const inside = path.split("node_modules/").at(-1) ?? "";
  if (inside !== path) return /^(?:@[^/]+\/)?[^/]+/.exec(inside)?.[0] ?? inside;
  return /(?:^|\/)(?:src|bench)\//.test(path) ? "own code" : "wrangler";
}
