/**
 * The bridge: the REST API of Upstash in front of a plain Redis, on one HTTP port.
 *
 * The gateway speaks to Redis over HTTP only, because that is what runs at the edge. The bridge lets the same code
 * use a Redis of your own (`tollbooth redis-bridge`), the Redis of `tollbooth dev`, or the one a test has started.
 *
 * One request, from top to bottom: the token is checked and the request counted before the body is read (`answer.ts`);
 * the body becomes a list of commands (`read-request.ts`); the interceptor, if any, sees them (`intercept.ts`); commands that would block or
 * take over the shared connection are refused (`commands.ts`); scripts lose the flag that only Upstash knows
 * (`scripts.ts`); the whole batch goes to Redis in one write on one connection (`resp.ts`); the replies become
 * JSON, in base64 when the client asks for it (`reply.ts`).
 *
 * The bridge never repeats a command. If Redis dies or stays silent the answer is a 500, its outcome is unknown,
 * and the next request opens a new connection. `GET /health` says whether Redis answers; it needs no token.
 * Redis is found by its address (`connect.ts`) or through Sentinels (`sentinel.ts`).
 * Not here: SUBSCRIBE and MONITOR streams, commands in the URL path, Redis Cluster.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import { answerTo } from "./answer.ts";
import { createExecute } from "./execute.ts";
import type { Answer, Intercept } from "./intercept.ts";
import { type Backend, createRespClient } from "./resp.ts";
import { createScriptRewriter } from "./scripts.ts";

/** How to start a bridge. `connectTo(url)` gives the `Backend` part. */
export interface BridgeOptions extends Backend {
  /** What callers must send as `Authorization: Bearer <token>`. */
  token: string;
  /** Takes requests with any token or none; for a loopback address only. */
  insecure?: boolean;
  /** The address to listen on; 127.0.0.1 unless told. */
  host?: string;
  /** The port to listen on; 0, the default, takes a free one. */
  port?: number;
  /** The longest request body in bytes; 10 MB unless told. */
  maxBodyBytes?: number;
  /** How many requests may be in hand at once, 1000 unless told; one more is answered 429. */
  maxConcurrency?: number;
  /** Milliseconds until a silent Redis is given up; 5000 unless told. */
  replyTimeoutMs?: number;
  /** Makes scripts fail on keys that were not passed in KEYS, as they do at Upstash; off unless told. */
  strict?: boolean;
  /** Sees every request that passed the token check. */
  intercept?: Intercept;
}

/** A running bridge. */
export interface Bridge {
  url: string;
  port: number;
  token: string;
  /** Stops listening, lets running requests finish for up to `graceMs` (0), then cuts all connections. */
  close(graceMs?: number): Promise<void>;
}

/** Upstash's limit for a request. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Enough for many gateways: each has few requests in hand, as a request takes a millisecond. */
export const MAX_CONCURRENCY = 1000;

/** Starts a bridge; Redis need not be up yet. Rejects when the token is empty or the port is taken. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { token, insecure = false, intercept, maxBodyBytes = MAX_BODY_BYTES } = options;
  if (token === "" && !insecure)
    throw new Error("The bridge needs a token: without one anybody could read Redis.");
  const host = options.host ?? "127.0.0.1";
  const client = createRespClient(options, options.replyTimeoutMs ?? 5000);
  const execute = createExecute(client, createScriptRewriter(options.strict ?? false));
  const enter = createGate(options.maxConcurrency ?? MAX_CONCURRENCY);
  const context = { token, insecure, maxBodyBytes, enter, client, execute, intercept };
  const syncPrefix = randomBytes(6).toString("base64url");
  let answered = 0;
  const server = createServer(async (request, response) => {
    const answer = await answerTo(request, hangUp(response), context);
    if (answer === undefined) return response.destroy();
    answered += 1;
    // Otherwise a caller's idle socket would hold up a bridge that is closing.
    if (!server.listening) response.setHeader("connection", "close");
    write(response, answer, `${syncPrefix}${answered}`);
  });
  // Clients keep sockets for a minute; one closed under their hands is an error, as they never retry.
  server.keepAliveTimeout = 65_000;
  const port = await listen(server, host, options.port ?? 0);
  const close = async (graceMs = 0) => {
    await stop(server, graceMs);
    client.close();
  };
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    token,
    close,
  };
}

function createGate(max: number): () => (() => void) | undefined {
  let inside = 0;
  const leave = () => {
    inside -= 1;
  };
  return () => {
    if (inside >= max) return undefined;
    inside += 1;
    return leave;
  };
}

function hangUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  return controller.signal;
}

function write(response: ServerResponse, answer: Answer, syncToken: string): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": body.length,
    "upstash-sync-token": syncToken,
  });
  response.end(body);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  });
}
