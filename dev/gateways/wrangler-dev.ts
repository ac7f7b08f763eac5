/** The gateway in workerd under `wrangler dev`: rebuilt and reloaded when the configuration or a source changes. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { COMPATIBILITY } from "../../src/cli/init/templates.ts";
import { entryPath, findWrangler, QUIET_WRANGLER } from "../bundle.ts";
import type { Gateway } from "./process.ts";

const MINIMAL = `name = "tollbooth"
main = ""
compatibility_date = "${COMPATIBILITY.date}"
compatibility_flags = ${JSON.stringify(COMPATIBILITY.flags)}
`;

/** Starts wrangler on that port and waits until the worker answers. @throws with wrangler's words when it does not */
export async function startWranglerDev(options: {
  config: string;
  vars: Record<string, string>;
  port: number;
}): Promise<Gateway> {
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(options.port), "--inspector-port", "0"];
  args.push("--show-interactive-dev-session=false", "--log-level", "warn");
  const file = await wranglerConfig(options);
  args.push("--config", file);
  for (const [name, value] of Object.entries(options.vars)) args.push("--var", `${name}:${value}`);
  const child = spawn(process.execPath, [findWrangler(), ...args], {
    env: { ...process.env, ...QUIET_WRANGLER },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killWithParent = () => child.kill("SIGTERM");
  process.once("exit", killWithParent);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  child.stderr.on("data", (chunk) => {
    output += chunk;
    process.stderr.write(chunk);
  });
  let ended = false;
  const exited = new Promise<void>((done) => {
    child.once("exit", () => {
      ended = true;
      process.off("exit", killWithParent);
      done();
    });
  });
  const url = `http://127.0.0.1:${options.port}`;
  for (let tries = 0; !(await answers(url)); tries++) {
    if (ended || tries > 600) {
      child.kill("SIGTERM");
      throw new Error(`wrangler dev did not start:\n${output}`);
    }
    await sleep(100);
  }
  return {
    url,
    pid: child.pid ?? 0,
    log: () => output,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(file, { force: true });
    },
  };
}

/**
 * The project's `wrangler.toml`, or what a worker needs at least, with the configuration in its place: `dev` takes no
 * `--alias` (4.155). A worker of the project's own runs the configuration that it imports; any other one runs in ours.
 */
async function wranglerConfig({ config, port }: { config: string; port: number }): Promise<string> {
  const toml = existsSync("wrangler.toml") ? await readFile("wrangler.toml", "utf8") : MINIMAL;
  const file = resolve(`.build/wrangler-dev-${port}.toml`);
  await mkdir(".build", { recursive: true });
  const own = resolve(config) === resolve("tollbooth.config.ts");
  const main = toml.replace(/^main = "(.*)"$/m, (_, path) => {
    return `main = ${JSON.stringify(own && path !== "" ? resolve(path) : entryPath("workers"))}`;
  });
  await writeFile(file, `${main}\n[alias]\n"#tollbooth-config" = ${JSON.stringify(resolve(config))}\n`);
  return file;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    () => true,
    () => false,
  );
}
