/** The demo upstream: the API behind the gateway, in development and in tests. It remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type OpenServer, open } from "./http.ts";
import { ROUTES, sendJson } from "./upstream-routes.ts";
import { type Conversation, converse, declineUpgrade } from "./upstream-socket.ts";

/** One request the upstream got. Its fields change until the exchange is over. */
export interface UpstreamRequest {
  method: string;
  /** Path and query, as received. */
  url: string;
  headers: IncomingHttpHeaders;
  /** The answer went out whole. */
  finished: boolean;
  /** The client left before the answer was whole. */
  closedEarly: boolean;
  /** Bytes of the body that went out; counted for `/large` only. */
  bytesWritten: number;
}

/** An answer that a test has thought of. */
export interface Scripted {
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
  /** Waits so long before it answers, ms. */
  ms?: number;
  /** Breaks off behind the body, which is sent in chunks. */
  breakOff?: boolean;
}

/** What a path answers: the first request to it is number 1. */
export type Script = (nth: number, request: IncomingMessage) => Scripted;

/** A running upstream. */
export interface Upstream extends OpenServer {
  /** Paths that answer as a test says. */
  script: Map<string, Script>;
  /** The latest requests (1000 at most), oldest first. */
  requests: UpstreamRequest[];
  /** The WebSockets that were opened, oldest first. */
  sockets: Conversation[];
  /** How many of them asked for that path, whatever their query. */
  count(path: string): number;
  /** Forgets them. */
  reset(): void;
}

const MAX_REQUESTS = 1000;

/** Starts the demo upstream; by default on a port the system chooses. */
export async function startUpstream(options: { port?: number } = {}): Promise<Upstream> {
  const requests: UpstreamRequest[] = [];
  const sockets: Conversation[] = [];
  const script = new Map<string, Script>();
  const remember = (req: IncomingMessage) => {
    const record = newRecord(req);
    requests.push(record);
    if (requests.length > MAX_REQUESTS) requests.shift();
    return record;
  };
  const server = createServer((req, res) => {
    const record = remember(req);
    const path = pathOf(record.url);
    const scripted = script.get(path)?.(count(path), req);
    void answer(req, res, record, scripted);
  });
  server.on("upgrade", (req, stream, head) => {
    const record = remember(req);
    const conversation = converse(req, stream, head);
    if (conversation) sockets.push(conversation);
    else void answer(req, declineUpgrade(req, stream), record);
  });
  // A pooled connection must outlive a pause of its client, or the next request on it is lost.
  server.keepAliveTimeout = 60_000;
  const opened = await open(server, options.port ?? 0, "upstream");
  const count = (path: string) => requests.filter((request) => pathOf(request.url) === path).length;
  const reset = () => {
    requests.length = 0;
    script.clear();
    for (const { socket } of sockets.splice(0)) socket.cut();
  };
  const close = () => {
    reset();
    return opened.close();
  };
  return { ...opened, close, requests, sockets, script, count, reset };
}

function newRecord(req: IncomingMessage): UpstreamRequest {
  return {
    method: req.method ?? "",
    url: req.url ?? "",
    headers: req.headers,
    finished: false,
    closedEarly: false,
    bytesWritten: 0,
  };
}

const pathOf = (url: string): string => url.split("?", 1)[0] ?? "";

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  record: UpstreamRequest,
  scripted?: Scripted,
): Promise<void> {
  const closed = new AbortController();
  let broken = false;
  res.once("close", () => {
    record.finished = res.writableFinished;
    record.closedEarly = !res.writableFinished && !broken;
    closed.abort();
  });
  const breakOff = () => {
    broken = true;
    res.destroy();
  };
  const wrote = (bytes: number) => {
    record.bytesWritten += bytes;
  };
  try {
    if (scripted) return await play(req, res, scripted, breakOff);
    const { route, last, url } = find(record.url);
    if (!route) return sendJson(res, 404, { error: "not found", try: Object.keys(ROUTES) });
    await route({ req, res, url, last, signal: closed.signal, wrote, breakOff });
  } catch (error) {
    if (closed.signal.aborted || res.destroyed) return;
    if (res.headersSent) return breakOff();
    sendJson(res, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

async function play(
  req: IncomingMessage,
  res: ServerResponse,
  { status = 200, headers = {}, body = "", ms = 0, breakOff: breaks = false }: Scripted,
  breakOff: () => void,
): Promise<void> {
  req.resume();
  if (ms > 0) await sleep(ms);
  const unmeasured = breaks || status === 304 || "transfer-encoding" in headers;
  const length = unmeasured ? {} : { "content-length": Buffer.byteLength(body) };
  res.writeHead(status, { ...length, ...headers });
  if (!breaks) return void res.end(status === 304 ? "" : body);
  res.write(body, () => setImmediate(breakOff));
}

/** @throws on a target that is no path or a segment that cannot be decoded */
function find(target: string) {
  const url = new URL(`http://upstream${target}`);
  const exact = ROUTES[url.pathname];
  if (exact && !url.pathname.endsWith("/")) return { route: exact, last: "", url };
  const cut = url.pathname.lastIndexOf("/") + 1;
  const last = decodeURIComponent(url.pathname.slice(cut));
  return { route: last ? ROUTES[url.pathname.slice(0, cut)] : undefined, last, url };
}
