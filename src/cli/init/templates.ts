/** The texts of files that platforms need. */

/** As this repository's `wrangler.toml`: the bundle needs nothing of Node. */
export const COMPATIBILITY = {
  date: "2026-10-23",
  flags: ["no_nodejs_compat", "no_nodejs_compat_v2", "enable_request_signal"],
};

/** The module that a platform runs. */
export function entry(platform: string, handler: string): string {
  const config = "./tollbooth.config.ts";
  return text([
    'import { createTollbooth } from "tollbooth-edge";',
    `import { ${platform}, ${handler} } from "tollbooth-edge/${platform}";`,
    `import config from "${config}";`,
    "",
    `export default ${handler}(createTollbooth(config, { platform: ${platform} }));`,
  ]);
}

/** `wrangler.toml`: variables that anybody may read, and the names of those that nobody may. */
export function wranglerToml(open: Record<string, string>, secrets: string[]): string {
  const vars = Object.entries(open).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return `name = "tollbooth"
main = "worker.ts"
compatibility_date = "${COMPATIBILITY.date}"
compatibility_flags = ${JSON.stringify(COMPATIBILITY.flags)}
minify = true
keep_names = false

# Bind the gateway to your domain:
# routes = [{ pattern = "pay.example.com", custom_domain = true }]

# Looks into payments whose settlement was begun and not seen to end.
[triggers]
crons = ["*/5 * * * *"]

[observability]
enabled = true

# Secrets go in with: ${secrets.map((name) => `wrangler secret put ${name}`).join(", ")}
[vars]
${vars.join("\n")}
`;
}

/** Bundles the entry into Vercel's build output (Build Output API v3). */
export const BUILD_VERCEL = text([
  "// Writes Vercel's build output: one edge function that takes every path.",
  'import { mkdir, rm, writeFile } from "node:fs/promises";',
  'import { build } from "esbuild";',
  "",
  'const out = ".vercel/output";',
  "const edge = `${out}/functions/index.func`;",
  "await rm(out, { recursive: true, force: true });",
  "await mkdir(edge, { recursive: true });",
  "await mkdir(`${out}/static`, { recursive: true });",
  "await build({",
  '  entryPoints: ["edge.ts"],',
  "  bundle: true,",
  "  minify: true,",
  '  format: "esm",',
  '  target: "es2022",',
  '  conditions: ["edge-light", "worker", "browser"],',
  "  outfile: `${edge}/index.js`,",
  "});",
  "const write = (path, value) => writeFile(path, JSON.stringify(value, null, 2));",
  'await write(`${edge}/.vc-config.json`, { runtime: "edge", entrypoint: "index.js", deploymentTarget: "v8-worker" });',
  "await write(`${out}/config.json`, {",
  "  version: 3,",
  '  routes: [{ src: "/(.*)", dest: "/index" }],',
  '  crons: [{ path: "/__tollbooth/reconcile", schedule: "*/5 * * * *" }],',
  "});",
]);

function text(lines: string[]): string {
  return `${lines.join("\n")}\n`;
}
