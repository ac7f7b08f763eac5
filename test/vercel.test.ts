/**
 * What is deployed to Vercel: the build output, by what Vercel's own build leaves of it (`npm run prove:vercel` looks), and
 * the function in it, run in Vercel's edge runtime and paid.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gateway } from "../dev/gateways/process.ts";
import { startGateway } from "../dev/gateways/start.ts";
import { pay } from "../dev/pay.ts";
import { type Stack, startStack } from "../dev/stack.ts";
import seen from "./fixtures/vercel-build.json" with { type: "json" };

type Route = { src?: string; dest?: string; handle?: string };

const run = promisify(execFile);
const SECRET = "a-cron-secret";
let folder = "";
let output = "";

const json = async (path: string) => JSON.parse(await readFile(join(output, path), "utf8"));
const buildOutput = (to: string, env = {}) =>
  run(process.execPath, ["scripts/build-vercel.ts", to], { env: { ...process.env, ...env } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollbooth-vercel-"));
  output = join(folder, "output");
  await buildOutput(output);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the build output", () => {
  it("is what Vercel's build was seen to take as it is", async () => {
    const entries = await readdir(output, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(output.length + 1));
    expect(files.sort()).toEqual(seen.files);
    expect(await json("functions/index.func/.vc-config.json")).toEqual(seen.function);
    const { routes, ...others } = await json("config.json");
    const { routes: left, ...othersLeft } = seen.config;
    expect(others).toEqual(othersLeft);
    expect(left.slice(0, routes.length)).toEqual(routes);
  });

  it.each([
    "/",
    "/weather",
    "/a/b/c.css",
    "/index",
    "/404.html",
    "/api/x",
    "/src/app.ts",
    "/.env",
    "/%2e%2e/x",
  ])("the function takes %s, before anything that Vercel adds", (path) => {
    const routes: Route[] = seen.config.routes;
    const [first] = routes.filter(({ src, handle }) => handle ?? (src && new RegExp(`^${src}$`).test(path)));
    expect(first?.dest).toBe("/index");
  });

  it("nothing is public but the function, in no folder of files", () => {
    expect(seen.files.filter((path) => !path.startsWith("functions/index.func/"))).toEqual(["config.json"]);
  });

  it("EDGE_REGIONS says where it runs", async () => {
    const there = join(folder, "there");
    await buildOutput(there, { EDGE_REGIONS: "fra1,cdg1" });
    const { regions } = JSON.parse(
      await readFile(join(there, "functions/index.func/.vc-config.json"), "utf8"),
    );
    expect(regions).toEqual(["fra1", "cdg1"]);
  });
});

describe("the function that is deployed, in the edge runtime", () => {
  let stack: Stack;
  let gateway: Gateway;

  beforeAll(async () => {
    stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
    // The runtime takes a script; the function is a module, and is not built anew here.
    await build({
      stdin: {
        resolveDir: join(output, "functions/index.func"),
        contents: `import handle from "./index.js";
          addEventListener("fetch", (e) => e.respondWith(handle(e.request, { waitUntil: (p) => e.waitUntil(p) })));`,
      },
      bundle: true,
      format: "iife",
      outfile: join(folder, "vercel.js"),
      logLevel: "error",
    });
    const vars = { ...stack.vars, CRON_SECRET: SECRET };
    gateway = await startGateway({ runtime: "vercel", directory: folder, vars });
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await stack?.close();
  });

  it("asks to be paid for a path that is not /, and is paid", async () => {
    const unpaid = await fetch(`${gateway.url}/data/7`);
    expect([unpaid.status, unpaid.headers.has("payment-required")]).toEqual([402, true]);
    const paid = await pay(`${gateway.url}/data/7`, { rpcUrl: stack.chain.url });
    expect(paid).toMatchObject({ ok: true, status: 200, receipt: { success: true } });
  });

  it("looks into pending payments for Vercel's cron, at the path that the output names, and for nobody else", async () => {
    const [cron] = seen.config.crons;
    const call = (authorization: string) => fetch(gateway.url + cron?.path, { headers: { authorization } });
    expect((await call("Bearer wrong")).status).toBe(404);
    const answer = await call(`Bearer ${SECRET}`);
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ failed: 0 })]);
  });
});
