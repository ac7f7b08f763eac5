/** The package as a stranger gets it: packed, installed elsewhere, imported, and a configuration type-checked against it. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-pack-"));
  await run("npm", ["pack", "--pack-destination", folder], { env: { ...process.env, NO_COLOR: "1" } });
  const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", tarball], { cwd: folder });
  // Its dependencies are the ones this repository has installed: the registry is not asked again.
  const modules = join(folder, "app/node_modules");
  await cp(join(folder, "package"), join(modules, "tollbooth-edge"), { recursive: true });
  const manifest = JSON.parse(await readFile("package.json", "utf8"));
  for (const name of [
    ...Object.keys(manifest.dependencies),
    "typescript",
    "@types/node",
    "@cloudflare/workers-types",
  ]) {
    await run("mkdir", ["-p", join(modules, name, "..")]);
    await symlink(resolve("node_modules", name), join(modules, name));
  }
  await writeFile(join(folder, "app/package.json"), JSON.stringify({ type: "module" }));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

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
    expect(stdout.trim()).toBe("404");
  });

  it("brings the command line, which checks a configuration and exits 1 on faults", async () => {
    const app = join(folder, "app");
    await writeFile(join(app, "tollbooth.config.ts"), CONFIG);
    const cli = [join(app, "node_modules/tollbooth-edge/dist/cli/main.js"), "validate"];
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
    const cli = [join(app, "node_modules/tollbooth-edge/dist/cli/main.js"), "validate", "--no-env"];
    await expect(run(process.execPath, cli, { cwd: app })).resolves.toMatchObject({
      stdout: expect.stringContaining("no faults"),
    });
  });

  it("carries the built code, the types, the licence, and nothing of the workshop", async () => {
    const files = await readdir(join(folder, "package"), { recursive: true });
    expect(files).toEqual(
      expect.arrayContaining(["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts"]),
    );
    expect(files.filter((file) => /^(?:src|test|dev|bench)\b|\.map$/.test(file))).toEqual([]);
  });
});
