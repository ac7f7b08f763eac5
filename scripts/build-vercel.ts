/**
 * Writes Vercel's build output: one edge function that takes every path (Build Output API v3). `build-vercel.ts [FOLDER]`;
 * `EDGE_REGIONS=fra1,cdg1` keeps the function near the store, where Vercel would run it near each client.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const [, , OUT = ".vercel/output"] = process.argv;
const regions = process.env.EDGE_REGIONS?.split(",");
const FUNCTION = `${OUT}/functions/index.func`;

await rm(OUT, { recursive: true, force: true });
await mkdir(FUNCTION, { recursive: true });
await mkdir(`${OUT}/static`, { recursive: true });
await build({
  entryPoints: ["src/entry/vercel.ts"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  conditions: ["edge-light", "worker", "browser"],
  outfile: `${FUNCTION}/index.js`,
  logLevel: "warning",
});
await writeFile(
  `${FUNCTION}/.vc-config.json`,
  JSON.stringify(
    { runtime: "edge", entrypoint: "index.js", deploymentTarget: "v8-worker", regions },
    null,
    2,
  ),
);
await writeFile(
  `${OUT}/config.json`,
  JSON.stringify(
    {
      version: 3,
      routes: [{ src: "/(.*)", dest: "/index" }],
      crons: [{ path: "/__tollbooth/reconcile", schedule: "*/5 * * * *" }],
    },
    null,
    2,
  ),
);
