/** The Dockerfile, checked as far as that goes without a Docker engine; and what the image runs, run. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pay } from "../dev/pay.ts";
import { findRedisServer, type RedisProcess, startRedisProcess } from "../dev/redis-process.ts";
import { type Stack, startStack } from "../dev/stack.ts";
import { BACKENDS } from "./bridge/backends.ts";
import { listOf } from "./cli/compose.ts";
import { buildImage, type Image, readCopy, readDockerfile } from "./cli/image.ts";
import { killAll, start } from "./cli/process.ts";

const run = promisify(execFile);
const read = (path: string) => readFileSync(path, "utf8");
const stages = readDockerfile(read("Dockerfile"));
const last = stages.at(-1)?.instructions ?? [];
const all = stages.flatMap(({ instructions }) => instructions);
const manifest = JSON.parse(read("package.json"));

describe("the Dockerfile", () => {
  it("has only instructions that there are, and begins each stage from NODE_IMAGE", () => {
    const known = /^(?:ARG|FROM|WORKDIR|COPY|RUN|ENV|USER|EXPOSE|HEALTHCHECK|ENTRYPOINT|CMD)$/;
    expect(all.filter(({ name, args }) => !known.test(name) || args === "")).toEqual([]);
    expect(all[0]).toEqual({ name: "ARG", args: "NODE_IMAGE=node:24-bookworm-slim" });
    const bases = all.filter(({ name }) => name === "FROM").map(({ args }) => args.split(" ")[0]);
    expect(new Set(bases)).toEqual(new Set(["${NODE_IMAGE}"]));
  });

  it("copies what exists and .dockerignore lets through, from stages that come before", () => {
    const ignore = read(".dockerignore").split("\n");
    expect(ignore.find((line) => line !== "" && !line.startsWith("#"))).toBe("*");
    const seen: string[] = [];
    for (const { name, instructions } of stages) {
      for (const { args } of instructions.filter((instruction) => instruction.name === "COPY")) {
        const { from, sources } = readCopy(args);
        if (from !== undefined) expect(seen).toContain(from);
        else expect(sources.filter((path) => !existsSync(path) || !ignore.includes(`!${path}`))).toEqual([]);
      }
      seen.push(name);
    }
  });

  it("runs only scripts that package.json has", () => {
    const scripts = all.flatMap(({ args }) => /^npm run (\S+)$/.exec(args)?.[1] ?? []);
    expect(scripts).toEqual(["build"]);
    expect(manifest.scripts).toHaveProperty("build");
  });

  it("lets no user that is root run it, and puts no secret into it", () => {
    const names = last.map(({ name }) => name);
    expect(last.findLast(({ name }) => name === "USER")?.args).toBe("node");
    expect(names.slice(names.lastIndexOf("USER")).filter((name) => /^(?:RUN|COPY)$/.test(name))).toEqual([]);
    expect(last.filter(({ name }) => name === "ENV" || name === "ARG")).toEqual([
      { name: "ENV", args: "NODE_ENV=production" },
    ]);
  });
});

describe.runIf(BACKENDS.includes("real"))("the image, built by hand", () => {
  let image: Image;
  let redis: RedisProcess | undefined;
  let stack: Stack;
  const inImage = (env: Record<string, string> = {}) => ({
    cwd: image.folder,
    entry: image.entrypoint,
    env: { ...image.env, ...env },
  });

  beforeAll(async () => {
    image = await buildImage(".");
    redis = await startRedisProcess(findRedisServer() ?? "redis-server");
    stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
    await cp("tollbooth.config.ts", join(image.folder, "tollbooth.config.ts"));
  }, 120_000);
  afterEach(killAll);
  afterAll(async () => {
    await stack?.close();
    await redis?.close();
    await image?.remove();
  });

  it("runs bridge and gateway as compose does, is healthy, and sells a call to the official client", async () => {
    const bridgeEnv = { BRIDGE_TOKEN: "a-token", REDIS_URL: `redis://127.0.0.1:${redis?.port}/0` };
    const bridge = start(
      listOf("bridge", "command").map((word) => (word === "8079" ? "0" : word)),
      inImage(bridgeEnv),
    );
    const bridgePort = await bridge.port;
    const store = {
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${bridgePort}`,
      UPSTASH_REDIS_REST_TOKEN: "a-token",
    };
    const gateway = start(image.cmd, inImage({ ...stack.vars, ...store, PORT: "0" }));
    const port = await gateway.port;

    const [, , ...check] = listOf("bridge", "test").map((part) => part.replace("8079", `${bridgePort}`));
    await expect(run(process.execPath, check)).resolves.toBeDefined();
    const probe = (at: number) =>
      run(process.execPath, image.healthcheck.slice(1), { env: { PORT: String(at) } });
    await expect(probe(port)).resolves.toBeDefined();

    const result = await pay(`http://127.0.0.1:${port}/weather`, { rpcUrl: stack.chain.url });
    expect(result).toMatchObject({ ok: true, status: 200, receipt: { success: true } });
    expect(await gateway.stop()).toBe(0);
    await expect(probe(port)).rejects.toMatchObject({ code: 1 });
    expect(await bridge.stop()).toBe(0);
  }, 60_000);

  it("takes a configuration that imports the package by its name", async () => {
    const text = read("tollbooth.config.ts").replace("./src/index.ts", "tollbooth-edge");
    expect(text).toContain('from "tollbooth-edge"');
    await writeFile(join(image.folder, "named.config.ts"), text);
    const checked = start(["validate", "--config", "named.config.ts"], inImage(stack.vars));
    expect([await checked.exit, checked.output]).toEqual([
      0,
      { stdout: expect.stringMatching(/^named\.config\.ts: no faults\.\n/), stderr: "" },
    ]);
  });
});
