/** Everything a measurement needs, started once and stopped whole. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { seller } from "../dev/accounts.ts";
import type { Gateway } from "../dev/gateways/process.ts";
import { scriptOf, type WorkerName } from "./bundles.ts";
import { createRunning } from "./running.ts";
import type { Order, Ready, Seen } from "./servers.ts";
import { startWorker } from "./workerd.ts";

/** One of the processes behind the workers. */
export type Server = Ready & {
  /** Gives an order and brings back what was recorded under the last one. */
  set: (order: Partial<Order>) => Promise<Seen[]>;
  stop: () => Promise<void>;
};

/** The names of those processes. */
export type ServerName = "upstream" | "facilitator" | "redis";

/** The running whole. */
export type Lab = {
  servers: Record<ServerName, Server>;
  workers: Record<WorkerName, Gateway>;
  stop: () => Promise<void>;
};

/** Starts the servers and, on bundles that were built before, the three workers. */
export async function startLab(): Promise<Lab> {
  const { keep, stop } = createRunning();
  try {
    const upstream = keep(await startServer("upstream"));
    const facilitator = keep(await startServer("facilitator"));
    const redis = keep(await startServer("redis"));
    const api = { UPSTREAM_URL: upstream.url };
    const sales = { ...api, FACILITATOR_URL: facilitator.url, PAY_TO: seller.address };
    const store = { REDIS_URL: redis.url, REDIS_TOKEN: redis.token };
    const bare = ["no_nodejs_compat", "no_nodejs_compat_v2"];
    const workers = {
      gateway: keep(await startWorker(scriptOf("gateway"), { ...sales, ...store })),
      proxy: keep(await startWorker(scriptOf("proxy"), api, bare)),
      sdk: keep(await startWorker(scriptOf("sdk"), sales, ["nodejs_compat"])),
    };
    await fetchAll([`${workers.gateway.url}/paid`, `${workers.sdk.url}/paid`]);
    return { servers: { upstream, facilitator, redis }, workers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The SDK must not meet a free route first: what it asks then is bound to a request that does not wait for it. */
async function fetchAll(urls: string[]): Promise<void> {
  for (const url of urls) await (await fetch(url)).arrayBuffer();
}

/** Starts one of the processes behind the workers. */
export async function startServer(name: ServerName): Promise<Server> {
  const child = fork(join(import.meta.dirname, "servers.ts"), [name]);
  const ready: Ready = await message(child, name);
  return {
    ...ready,
    async set(order) {
      const answer = message<Seen[]>(child, name);
      child.send({ latencyMs: 0, record: false, ...order } satisfies Order);
      return answer;
    },
    async stop() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}

function message<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const died = () => reject(new Error(`the ${name} ended`));
    child.once("exit", died);
    child.once("message", (value: T) => {
      child.off("exit", died);
      resolve(value);
    });
  });
}
