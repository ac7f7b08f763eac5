/** The package as a stranger gets it: packed, installed elsewhere, imported, and a configuration type-checked against it. */
import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findWrangler, QUIET_WRANGLER } from "../dev/bundle.ts";
import { borrowPort } from "./dev/ports.ts";

const run = promisify(execFile);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-pack-"));
  await run("npm", ["pack", "--pack-destination", folder], { env: { ...process.env, NO_COLOR: "1" } });
  const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", tarball], { cwd: folder });
  await install("app", ["typescript", "@types/node", "@cloudflare/workers-types"]);
  await writeFile(join(folder, "app/package.json"), JSON.stringify({ type: "module" }));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Puts the package into a folder with its dependencies, which are those of this repository: the registry is not asked again. */
async function install(name: string, others: string[]): Promise<void> {
  const modules = join(folder, name, "node_modules");
  await cp(join(folder, "package"), join(modules, "tollbooth-edge"), { recursive: true });
  const { dependencies, optionalDependencies } = JSON.parse(await readFile("package.json", "utf8"));
  const own = Object.keys({ ...dependencies, ...optionalDependencies });
  for (const name of new Set([...own.filter((name) => existsSync(join("node_modules", name))), ...others])) {
    await mkdir(join(modules, name, ".."), { recursive: true });
    await symlink(resolve("node_modules", name), join(modules, name));
  }
}

/** The examples that are a configuration; the others are programs. */
const EXAMPLES = readdirSync("examples").filter((name) =>
  existsSync(join("examples", name, "tollbooth.config.ts")),
);

const CONFIG = `import { defineConfig } from "tollbooth-edge";
export default defineConfig({
  wallets: { base: "\${PAY_TO}" },
  accepts: [{ asset: "USDC", network: "base" }],
  facilitator: "https://facilitator.example.com",
  stores: { redis: { url: "https://x.upstash.io", token: "t" } },
  upstreams: { api: { url: "https://api.example.com" } },
  routes: { "GET /weather": { upstream: "api", price: "$0.01" } },
});
`;

async function typeCheck(source: string): Promise<string> {
  const app = join(folder, "app");
  await writeFile(join(app, "tollbooth.config.ts"), source);
  const options = {
    module: "ESNext",
    moduleResolution: "Bundler",
    target: "ES2022",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  await writeFile(
    join(app, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include: ["*.ts"] }),
  );
  return run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", app]).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
}

describe("the packed package", () => {
  it("type-checks a configuration", async () => {
    expect(await typeCheck(CONFIG)).toBe("");
  });

  it.each([
    ["an upstream that is not configured", 'upstream: "api"', 'upstream: "apj"', "apj"],
    ["a misspelt key", "price:", "prcie:", "prcie"],
    ["a route key without a method", '"GET /weather"', '"/weather"', "/weather"],
  ])("the types refuse %s", async (_, good, bad, named) => {
    expect(await typeCheck(CONFIG.replace(good, bad))).toContain(named);
  });

  it("serves a configured gateway, and importing it does nothing by itself", async () => {
    const script = `import { createTollbooth, defineConfig } from "tollbooth-edge";
      import { cloudflare } from "tollbooth-edge/cloudflare";
      const config = defineConfig({ upstreams: { a: { url: "http://127.0.0.1:9" } }, routes: { "GET /x": { upstream: "a", price: "$0" } } });
      const app = createTollbooth(config, { platform: cloudflare });
      const answer = await app.request("/nothing", {}, {}, { waitUntil() {}, passThroughOnException() {}, props: {} });
      console.log(answer.status);`;
    await writeFile(join(folder, "app/try.mjs"), script);
    const { stdout } = await run(process.execPath, ["try.mjs"], { cwd: join(folder, "app") });
    expect(stdout.trim().split("\n").at(-1)).toBe("404");
  });

  it("brings the command line, which checks a configuration and exits 1 on faults", async () => {
    const app = join(folder, "app");
    await writeFile(join(app, "tollbooth.config.ts"), CONFIG);
    const cli = [join(app, "node_modules/tollbooth-edge/dist/dev/main.js"), "validate"];
    await expect(run(process.execPath, cli, { cwd: app })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("PAY_TO is not set"),
    });
    const env = { ...process.env, PAY_TO: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" };
    await expect(run(process.execPath, cli, { cwd: app, env })).resolves.toMatchObject({
      stdout: expect.stringContaining("no faults"),
    });
  });

  it.each(EXAMPLES)("takes the example %s as it stands: its types, and tollbooth validate", async (name) => {
    const app = join(folder, "app");
    expect(await typeCheck(await readFile(join("examples", name, "tollbooth.config.ts"), "utf8"))).toBe("");
    const cli = [join(app, "node_modules/tollbooth-edge/dist/dev/main.js"), "validate", "--no-env"];
    await expect(run(process.execPath, cli, { cwd: app })).resolves.toMatchObject({
      stdout: expect.stringContaining("no faults"),
    });
  });

  describe("a project that tollbooth init makes in an empty folder", () => {
    const PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    const answers = ["--yes", "--url", "https://api.example.com", "--pay-to", PAYEE];

    /** The folder, in which what its package.json names is installed. */
    async function init(platform: string): Promise<{ project: string; cli: string }> {
      const project = join(folder, platform);
      const first = join(folder, "app/node_modules/tollbooth-edge/dist/dev/main.js");
      await run(process.execPath, [first, "init", "-d", project, "--platform", platform, ...answers]);
      const { devDependencies } = JSON.parse(await readFile(join(project, "package.json"), "utf8"));
      // The local chain comes with the package where there is one for the machine.
      await install(platform, [...Object.keys(devDependencies), "@foundry-rs/anvil-linux-amd64"]);
      return { project, cli: join(project, "node_modules/tollbooth-edge/dist/dev/main.js") };
    }

    it("for workers passes tollbooth validate, and wrangler deploy --dry-run bundles it", async () => {
      const { project, cli } = await init("workers");
      await expect(run(process.execPath, [cli, "validate"], { cwd: project })).resolves.toMatchObject({
        stdout: expect.stringContaining("no faults"),
      });
      const args = [findWrangler(), "deploy", "--dry-run", "--outdir", "out"];
      const env = { ...process.env, ...QUIET_WRANGLER };
      await run(process.execPath, args, { cwd: project, env });
      expect(await readFile(join(project, "out/worker.js"), "utf8")).toContain("UPSTASH_REDIS_REST_TOKEN");
    });

    it("for vercel builds an edge function that imports nothing", async () => {
      const { project } = await init("vercel");
      await run(process.execPath, ["build-vercel.mjs"], { cwd: project });
      const bundle = await readFile(join(project, ".vercel/output/functions/index.func/index.js"), "utf8");
      expect(bundle).toContain("UPSTASH_REDIS_REST_TOKEN");
      expect(bundle).not.toMatch(/^import |\bfrom ?"node:|require\("/m);
    });

    it("for node runs with tollbooth dev, and tollbooth pay buys a call there", async () => {
      const { project, cli } = await init("node");
      const parts = ["redis", "chain", "facilitator", "upstream"].flatMap((part) => [`--${part}-port`, "0"]);
      const port = String(await borrowPort());
      const child = spawn(process.execPath, [cli, "dev", "--runtime", "node", "--port", port, ...parts], {
        cwd: project,
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
      const exited = new Promise((done) => child.once("exit", done));
      try {
        const listening = expect.poll(() => output, { timeout: 60_000 }).toContain("Ctrl-C ends it all.");
        await Promise.race([
          listening,
          exited.then(() => {
            throw new Error(output);
          }),
        ]);
        const rpc = /chain +(\S+)/.exec(output)?.[1] ?? "";
        const url = `http://127.0.0.1:${port}/weather`;
        const paid = await run(process.execPath, [cli, "pay", url, "--rpc-url", rpc, "--json"]);
        expect(JSON.parse(paid.stdout)).toMatchObject({ ok: true, receipt: { success: true } });
      } finally {
        child.kill("SIGINT");
        await exited;
      }
    }, 90_000);

    it("without the packages that only dev and pay need, they say which to install, and serving needs none", async () => {
      const cli = join(folder, "app/node_modules/tollbooth-edge/dist/dev/main.js");
      const failing = (...args: string[]) =>
        run(process.execPath, [cli, ...args], { cwd: join(folder, "app") }).catch((error) => error);
      expect(await failing("pay", "http://127.0.0.1:9")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("npm install --save-dev viem @x402/fetch"),
      });
      expect(await failing("dev")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("npm install --save-dev viem esbuild js-redis-server wrangler"),
      });
    });
  });

  it("carries the built code, the types, the licence, and nothing of the workshop", async () => {
    const files = await readdir(join(folder, "package"), { recursive: true });
    expect(files).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "README.md",
        "dist/src/index.js",
        "dist/src/index.d.ts",
        "dist/dev/main.js",
      ]),
    );
    expect(files.filter((file) => /^(?:src|test|dev|bench)\b|\.map$/.test(file))).toEqual([]);
  });
});
