/** The files around a configuration: what each platform needs to run it. */
import type { Platform } from "./answers.ts";
import { compose, DOCKERFILE } from "./docker.ts";
import { BUILD_VERCEL, entry, wranglerToml } from "./templates.ts";

/** What a project is made of. */
export type Project = {
  platform: Platform;
  /** Variables of the configuration that may be read by anybody, with their values. */
  open: Record<string, string>;
  /** Variables that are secrets or differ by machine: their values here, for development, and what they are. */
  secret: Record<string, { local: string; what: string }>;
  /** Version of this package. */
  version: string;
};

/** A file by its path in the project. */
export type ProjectFile = { path: string; text: string; mode?: number };

/** What `package.json` needs. */
export type Manifest = {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  scripts: Record<string, string>;
};

/** What `tollbooth dev` and `tollbooth pay` import, and a package that only serves does without. */
export const DEV_PACKAGES = {
  viem: "^2.57.1",
  "@x402/fetch": "^2.27.0",
  esbuild: "^0.28.2",
  "js-redis-server": "^0.3.0",
};

/** The lines that `.gitignore` must have. */
export const IGNORED = ["node_modules/", ".env", ".dev.vars", ".build/", ".wrangler/", ".vercel/"];

/** Everything but the configuration, `package.json` and `.gitignore`. */
export function filesOf(project: Project): ProjectFile[] {
  const { platform, open, secret } = project;
  const local = Object.entries(secret).map(([name, { local }]) => `${name}=${local}`);
  const example = Object.entries(secret).map(([name, { what }]) => `# ${what}\n${name}=`);
  const shown = Object.entries(open).map(([name, value]) => `${name}=${value}`);
  return [
    {
      path: ".env",
      text: `# For this machine; never in git. tollbooth dev puts its own local parts in their place.\n${[...shown, ...local].join("\n")}\n`,
      mode: 0o600,
    },
    {
      path: ".env.example",
      text: `# What tollbooth.config.ts names. Copy to .env, or set it on the platform.\n${[...shown, ...example].join("\n")}\n`,
    },
    ...PLATFORM_FILES[platform](project),
  ];
}

/** Dependencies and scripts. */
export function manifestOf({ platform, version }: Project): Manifest {
  const serve = { start: "tollbooth serve" };
  return {
    dependencies: { "tollbooth-edge": `^${version}` },
    devDependencies: {
      ...DEV_PACKAGES,
      wrangler: "^4.155.0",
      ...(platform === "vercel" ? { "edge-runtime": "^4.0.1" } : {}),
    },
    scripts: {
      dev: `tollbooth dev --runtime ${platform === "docker" ? "node" : platform}`,
      validate: "tollbooth validate",
      ...{
        workers: { deploy: "tollbooth validate --no-env && wrangler deploy" },
        vercel: {
          build: "node build-vercel.mjs",
          deploy: "tollbooth validate --no-env && npm run build && npx vercel deploy --prebuilt",
        },
        node: serve,
        docker: serve,
      }[platform],
    },
  };
}

const PLATFORM_FILES: Record<Platform, (project: Project) => ProjectFile[]> = {
  workers: (project) => [
    { path: "wrangler.toml", text: wranglerToml(project.open, Object.keys(project.secret)) },
    { path: "worker.ts", text: entry("cloudflare", "workerHandler") },
  ],
  vercel: () => [
    {
      path: "vercel.json",
      text: `${JSON.stringify({ framework: null, buildCommand: "npm run build" }, null, 2)}\n`,
    },
    { path: "edge.ts", text: entry("vercel", "vercelHandler") },
    { path: "build-vercel.mjs", text: BUILD_VERCEL },
  ],
  // `tollbooth serve` is all it needs.
  node: () => [],
  docker: (project) => [
    { path: "compose.yaml", text: compose(variablesOf(project)) },
    { path: "Dockerfile", text: DOCKERFILE },
  ],
};

/** What the gateway is handed; the bridge's token it has under its own name. */
function variablesOf({ open, secret }: Project): string[] {
  return [...Object.keys(open), ...Object.keys(secret)].filter((name) => name !== "BRIDGE_TOKEN");
}
