/** Node, for containers. */
import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type HttpBindings, serve } from "@hono/node-server";
import type { Platform, Tollbooth } from "../app.ts";
import type { Env } from "../config/define.ts";
import { drainable, wasCut } from "./drain.ts";
import { explainRefusals } from "./refuse.ts";
import { upload } from "./upload.ts";

/** How often a server looks into payments that nobody has brought to an end unless told, ms. */
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

/** Where a server listens, and what it does besides. */
export type ListenOptions = {
  /** 0 takes a free one. */
  port: number;
  hostname?: string;
  /** How long calls in flight may take to end when it is closed, ms; 20,000 unless told. */
  graceMs?: number;
  /** How often it looks into pending payments, ms; every minute unless told, and 0 never. */
  reconcileMs?: number;
  /** The variables that the app sees, where those are not the process's own. */
  env?: Env;
};

/** Serves the app. @throws when the port is taken */
export function listen(app: Tollbooth, options: ListenOptions): Promise<NodeServer> {
  const { graceMs, reconcileMs = RECONCILE_EVERY_MS, env = process.env, ...where } = options;
  return new Promise((resolve, reject) => {
    const reconciling =
      reconcileMs > 0 ? setInterval(() => track(app.reconcile(env)), reconcileMs).unref() : undefined;
    const server = serve({ fetch: app.fetch, serverOptions: SERVER, ...where }, ({ port }) => {
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
