/** Every way to charge: what runs while those parts are measured, in workerd and in Node, each a process of its own. */
import { resolve } from "node:path";
import { build } from "esbuild";
import { seller } from "../dev/accounts.ts";
import { bundle } from "../dev/bundle.ts";
import { type Gateway, startProcess } from "../dev/gateways/process.ts";
import { startGateway } from "../dev/gateways/start.ts";
import { buildWorker, scriptOf } from "./bundles.ts";
import { type Server, type ServerName, startServer } from "./lab.ts";
import { createRunning } from "./running.ts";
import { startWorker } from "./workerd.ts";

/** Where the gateway and the floor run. */
export type Runtime = "workers" | "node";

/** The running whole. */
export type WaysLab = {
  servers: Record<ServerName, Server>;
  gateway: Record<Runtime, Gateway>;
  proxy: Record<Runtime, Gateway>;
  stop: () => Promise<void>;
};

const CONFIG = "bench/workers/ways.config.ts";
const FOLDER = resolve(".build/bench/ways");
const NODE_PROXY = resolve(FOLDER, "proxy.js");

/** Bundles and starts everything. */
export async function startWays(): Promise<WaysLab> {
  await Promise.all([
    bundle("workers", CONFIG, FOLDER),
    bundle("node", CONFIG, FOLDER),
    buildWorker("proxy"),
    build({
      entryPoints: ["bench/workers/proxy-node.ts"],
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      outfile: NODE_PROXY,
    }),
  ]);
  const { keep, stop } = createRunning();
  try {
    const upstream = keep(await startServer("upstream"));
    const facilitator = keep(await startServer("facilitator"));
    const redis = keep(await startServer("redis"));
    const api = { UPSTREAM_URL: upstream.url };
    const sales = { ...api, FACILITATOR_URL: facilitator.url, PAY_TO: seller.address };
    const vars = { ...sales, REDIS_URL: redis.url, REDIS_TOKEN: redis.token };
    const start = async (runtime: Runtime) => keep(await startGateway({ runtime, directory: FOLDER, vars }));
    const gateway = { workers: await start("workers"), node: await start("node") };
    const bare = ["no_nodejs_compat", "no_nodejs_compat_v2"];
    const proxy = {
      workers: keep(await startWorker(scriptOf("proxy"), api, bare)),
      node: keep(await startNodeProxy(api)),
    };
    return { servers: { upstream, facilitator, redis }, gateway, proxy, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startNodeProxy(vars: Record<string, string>): Promise<Gateway> {
  return startProcess(
    process.execPath,
    [NODE_PROXY],
    { PATH: process.env.PATH, ...vars },
    {
      fd: 1,
      port: (output) => Number(/"port":(\d+)/.exec(output)?.[1]) || undefined,
    },
  );
}
