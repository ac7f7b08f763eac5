/**
 * Redis for development and tests: a bridge (`src/bridge/serve.ts`) and something behind it.
 *
 * Behind the bridge is, in this order: the Redis at `REDIS_URL`, if that is set; a real `redis-server` of our own,
 * if one is installed; else the embedded js-redis-server in this process. The last two live in memory and lose
 * everything on `close()`. A Redis that merely happens to listen on port 6379 is never touched: it is somebody's.
 */
import { randomBytes } from "node:crypto";
import { connectTo } from "../src/bridge/connect.ts";
import type { Intercept } from "../src/bridge/intercept.ts";
import type { Backend } from "../src/bridge/resp.ts";
import { type Bridge, startBridge } from "../src/bridge/serve.ts";
import { startEmbeddedRedis } from "./redis-embedded.ts";
import { findRedisServer, startRedisProcess } from "./redis-process.ts";

/** How to start a Redis. */
export interface RedisOptions {
  /** The TCP port of a real `redis-server` that is started; a free one unless told. */
  port?: number;
  /** The HTTP port of the bridge; a free one unless told. */
  bridgePort?: number;
  /** The token of the bridge; a random one unless told. */
  token?: string;
  /**
   * Takes this kind and no other: "real" rejects when no `redis-server` is installed. Both ignore `REDIS_URL`, so
   * that a suite that flushes cannot hit a Redis with data in it.
   */
  prefer?: "real" | "embedded";
  /** Makes scripts fail on undeclared keys, as at Upstash; off unless told. */
  strict?: boolean;
  /** Sees every request to the bridge; `createFaults()` makes one. */
  intercept?: Intercept;
  /** Milliseconds until a silent Redis is given up; 5000 unless told. */
  replyTimeoutMs?: number;
}

/** A running Redis with its bridge. */
export interface RunningRedis {
  /** Where the bridge listens, for UPSTASH_REDIS_REST_URL. */
  url: string;
  /** What the bridge wants to see, for UPSTASH_REDIS_REST_TOKEN. */
  token: string;
  kind: "redis-server" | "embedded" | "external";
  /** The TCP port of the `redis-server` that was started; the other kinds have none. */
  port: number | undefined;
  bridge: Bridge;
  /** The way to Redis itself, for a second bridge in front of the same data. */
  backend: Backend;
  /** Stops the bridge and whatever was started behind it. */
  close(): Promise<void>;
}

/** Starts Redis and its bridge; rejects when the preferred kind or a port is not to be had. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const source = await startSource(options);
  const token = options.token ?? randomBytes(24).toString("base64url");
  try {
    const { bridgePort: port = 0, strict = false, replyTimeoutMs = 5000, intercept } = options;
    const hook = intercept === undefined ? {} : { intercept };
    const bridge = await startBridge({ ...source.backend, token, port, strict, replyTimeoutMs, ...hook });
    const close = async () => {
      await bridge.close();
      await source.close();
    };
    return {
      url: bridge.url,
      token,
      kind: source.kind,
      port: source.port,
      bridge,
      backend: source.backend,
      close,
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface Source {
  kind: RunningRedis["kind"];
  port: number | undefined;
  backend: Backend;
  close(): Promise<void>;
}

async function startSource({ prefer, port }: RedisOptions): Promise<Source> {
  const url: string | undefined = process.env.REDIS_URL;
  if (prefer === undefined && url !== undefined && url !== "") {
    return { kind: "external", port: undefined, backend: connectTo(url), close: async () => {} };
  }
  const binary = prefer === "embedded" ? undefined : findRedisServer();
  if (binary !== undefined) {
    const redis = await startRedisProcess(binary, port);
    const backend = connectTo(`redis://127.0.0.1:${redis.port}`);
    return { kind: "redis-server", port: redis.port, backend, close: redis.close };
  }
  if (prefer === "real") {
    throw new Error(
      "No redis-server on the PATH. Install one (apt install redis-server) or use the embedded one.",
    );
  }
  const embedded = startEmbeddedRedis();
  return {
    kind: "embedded",
    port: undefined,
    backend: embedded.backend,
    close: async () => embedded.close(),
  };
}
