/** Node, for containers. */
import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type HttpBindings, serve } from "@hono/node-server";
import type { Platform, Tollbooth } from "../app.ts";
import { drainable, wasCut } from "./drain.ts";
import { explainRefusals } from "./refuse.ts";
import { upload } from "./upload.ts";

/** How often a server looks into payments that nobody has brought to an end, ms. */
const RECONCILE_EVERY_MS = 60_000;

/** A store that is away is tried again for this long; nothing is worth waiting for longer, ms. */
const LAST_WRITES_MS = 20_000;

/**
 * What the server itself puts up with. The gateway's own limits (`gateway.limits`) must be met first, so the longest URL and
 * headers that can be configured fit in; a body may take as long as it likes, as long as its client is not silent.
 */
const MAX_HEADERS = 2000;
const SERVER = {
  maxHeaderSize: 131_072,
  headersTimeout: 10_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 1000,
};

const inFlight = new Set<Promise<unknown>>();

/** Variables of the process, the path as it was on the wire, and the address of the socket. */
export const node: Platform = (c) => {
  const { incoming } = c.env as HttpBindings;
  const { socket } = incoming;
  return {
    env: process.env,
    rawPath: (incoming.url ?? "/").replace(/[?#].*$/s, ""),
    clientAddress: socket.remoteAddress,
    waitUntil: track,
    wasCut: () => wasCut(socket),
    runtime: "node",
    upload,
  };
};

function track(work: Promise<unknown>): void {
  const tracked = work.catch(() => undefined).finally(() => inFlight.delete(tracked));
  inFlight.add(tracked);
}

/** Waits for what is still being written, and for what that adds, but not for ever. */
async function lastWrites(): Promise<void> {
  const deadline = Date.now() + LAST_WRITES_MS;
  while (inFlight.size > 0 && Date.now() < deadline) await Promise.race([Promise.all(inFlight), sleep(100)]);
}

/** A running server. */
export type NodeServer = {
  port: number;
  /** Stops taking calls, lets those in flight end, and waits for their last writes. */
  close: () => Promise<void>;
};

/**
 * Serves the app; `port` 0 takes a free one. Looks into pending payments once a minute. Calls in flight have `graceMs` to
 * end when it is closed (default 20 s). @throws when the port is taken
 */
export function listen(
  app: Tollbooth,
  { graceMs, ...options }: { port: number; hostname?: string; graceMs?: number },
): Promise<NodeServer> {
  return new Promise((resolve, reject) => {
    const reconciling = setInterval(() => track(app.reconcile(process.env)), RECONCILE_EVERY_MS);
    reconciling.unref();
    const server = serve({ fetch: app.fetch, serverOptions: SERVER, ...options }, ({ port }) => {
      resolve({
        port,
        async close() {
          clearInterval(reconciling);
          await drain();
          await lastWrites();
        },
      });
    });
    const http = server as Server;
    http.maxHeadersCount = MAX_HEADERS;
    explainRefusals(http);
    const drain = drainable(http, graceMs);
    server.once("error", (error) => {
      clearInterval(reconciling);
      reject(error);
    });
  });
}
