/** Node, for containers. */
import { type HttpBindings, serve } from "@hono/node-server";
import type { Hono } from "hono";
import type { Platform } from "../app.ts";

/** How long calls in flight may take to end when the server stops, ms; endless streams are then cut. */
const GRACE_MS = 20_000;

const inFlight = new Set<Promise<unknown>>();

/** Variables of the process, the path as it was on the wire, and the address of the socket. */
export const node: Platform = (c) => {
  const { incoming } = c.env as HttpBindings;
  return {
    env: process.env,
    rawPath: (incoming.url ?? "/").replace(/[?#].*$/s, ""),
    clientAddress: incoming.socket.remoteAddress,
    waitUntil: (work) => {
      const tracked = work.catch(() => undefined).finally(() => inFlight.delete(tracked));
      inFlight.add(tracked);
    },
  };
};

/** A running server. */
export type NodeServer = {
  port: number;
  /** Stops taking calls, lets those in flight end, and waits for their last writes. */
  close: () => Promise<void>;
};

/** Serves the app; `port` 0 takes a free one. @throws when the port is taken */
export function listen(app: Hono, options: { port: number; hostname?: string }): Promise<NodeServer> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, ...options }, ({ port }) => {
      resolve({
        port,
        close: async () => {
          const deadline = setTimeout(
            () => "closeAllConnections" in server && server.closeAllConnections(),
            GRACE_MS,
          );
          await new Promise((done) => {
            server.close(done);
            if ("closeIdleConnections" in server) server.closeIdleConnections();
          });
          clearTimeout(deadline);
          // An ending may add a last write while others are waited for.
          while (inFlight.size > 0) await Promise.all(inFlight);
        },
      });
    });
    server.once("error", reject);
  });
}
