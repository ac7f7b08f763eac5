import { createRedisCommandExecutor, createVirtualConnection, RedisServerState } from "js-redis-server/core";
import type { Backend } from "../src/bridge/resp.ts";

/** A Redis inside this process: its data is plain memory and goes with it. */
export interface EmbeddedRedis {
  backend: Backend;
  /** Ends all connections and drops the data. */
  close(): void;
}

/** Starts the embedded Redis, which calls itself 7.0. It opens no port: its own TCP server would listen on all interfaces. */
export function startEmbeddedRedis(): EmbeddedRedis {
  const state = new RedisServerState({ compatibility: "redis-7.0" });
  const executor = createRedisCommandExecutor({ compatibility: "redis-7.0" });
  const connections = new Set<{ close(): void }>();
  const connect = () => {
    const connection = createVirtualConnection({ state, executor });
    connections.add(connection);
    connection.clientSocket.once("close", () => connections.delete(connection));
    return connection.clientSocket;
  };
  const close = () => {
    for (const connection of connections) connection.close();
    state.close();
  };
  return { backend: { connect }, close };
}
