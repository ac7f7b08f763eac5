/** The three builds of the gateway, as they are shipped, with any configuration in the place of the project's own. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { extname, resolve } from "node:path";
import { build } from "esbuild";

/** What a gateway runs in. */
export type Runtime = "workers" | "vercel" | "node";

/** The file that `bundle` writes for a runtime. */
export function bundlePath(runtime: Runtime, directory: string): string {
  return resolve(directory, { workers: "cloudflare.js", vercel: "vercel.js", node: "node.js" }[runtime]);
}

/** Environment that keeps wrangler quiet and off the network. */
export const QUIET_WRANGLER = {
  CI: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_WRITE_LOGS: "false",
  NO_COLOR: "1",
};

/** Path of wrangler's command line program. @throws when wrangler is not installed */
export function findWrangler(): string {
  return resolve(createRequire(import.meta.url).resolve("wrangler/package.json"), "../bin/wrangler.js");
}

/** The module that a runtime runs, which imports `#tollbooth-config`: of the repository, or of the package. */
export function entryPath(runtime: Runtime): string {
  const name = { workers: "cloudflare", vercel: "vercel", node: "node" }[runtime];
  return resolve(import.meta.dirname, `../src/entry/${name}${extname(import.meta.filename)}`);
}

/** Bundles the gateway with the configuration at `config` into `directory`. */
export async function bundle(runtime: Runtime, config: string, directory: string): Promise<void> {
  if (runtime === "workers") return bundleWorker(config, directory);
  const entry = entryPath(runtime);
  await build({
    // edge-runtime takes a service-worker script; on Vercel the same module is the function itself.
    ...(runtime === "vercel"
      ? {
          stdin: {
            resolveDir: process.cwd(),
            contents: `import handle from ${JSON.stringify(entry)};
              addEventListener("fetch", (e) => e.respondWith(handle(e.request, { waitUntil: (p) => e.waitUntil(p) })));`,
          },
          format: "iife",
          conditions: ["edge-light", "worker", "browser"],
        }
      : { entryPoints: [entry], format: "esm", platform: "node", packages: "external" }),
    bundle: true,
    minify: runtime === "vercel",
    target: "es2022",
    alias: { "#tollbooth-config": resolve(config) },
    outfile: bundlePath(runtime, directory),
    logLevel: "warning",
  });
}

async function bundleWorker(config: string, directory: string): Promise<void> {
  const args = ["deploy", "--dry-run", "--minify", "--outdir", directory];
  const child = spawn(
    process.execPath,
    [findWrangler(), ...args, "--alias", `#tollbooth-config:${resolve(config)}`],
    {
      env: { ...process.env, ...QUIET_WRANGLER },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`wrangler could not bundle the worker:\n${output}`);
}
