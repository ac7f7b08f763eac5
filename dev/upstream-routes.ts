/** What the demo upstream can do: ordinary answers, and every kind of bad behaviour a gateway meets. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { chatCompletions, messages } from "./upstream-ai.ts";
import { file } from "./upstream-file.ts";
import { count, goOn, sink, steps } from "./upstream-paced.ts";

/** One request at the upstream, in the hands of its route. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  /** The path's last segment, decoded: `7` of `/data/7`. */
  last: string;
  /** Aborted when the connection closes. */
  signal: AbortSignal;
  /** Tells how many bytes of the body went out. */
  wrote(bytes: number): void;
  /** Cuts the connection, as a crashing server would. */
  breakOff(): void;
}

type Route = (exchange: Exchange) => void | Promise<void>;

const BODILESS = [204, 205, 304];
const CHUNK = Buffer.alloc(64 * 1024, "x");

/** Sends a JSON answer. */
export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

/** A whole number from the query, or the fallback. */
function numberFrom(url: URL, name: string, fallback: number): number {
  const text = url.searchParams.get(name);
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : fallback;
}

/** Server-sent events: one at once, then one per interval; `count=0` never ends. */
async function events({ res, url, signal }: Exchange): Promise<void> {
  const count = numberFrom(url, "count", 5) || Number.POSITIVE_INFINITY;
  const interval = numberFrom(url, "interval", 1000);
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  for (let id = 1; id <= count; id++) {
    if (id > 1) await sleep(interval, undefined, { signal });
    res.write(`id: ${id}\ndata: {"n":${id}}\n\n`);
  }
  res.end();
}

async function slow({ res, url, signal }: Exchange): Promise<void> {
  const ms = numberFrom(url, "ms", 1000);
  await sleep(ms, undefined, { signal });
  sendJson(res, 200, { waited: ms });
}

function status({ res, last }: Exchange): void {
  const code = Number(last);
  if (!Number.isInteger(code) || code < 200 || code > 599)
    sendJson(res, 400, { error: "200 to 599, please" });
  else if (BODILESS.includes(code)) res.writeHead(code).end();
  else sendJson(res, code, { status: code });
}

/** As many bytes as asked for, no faster than the reader takes them. */
async function large({ req, res, url, signal, wrote }: Exchange): Promise<void> {
  let left = numberFrom(url, "bytes", 1024 * 1024);
  const length = url.searchParams.has("chunked") ? {} : { "content-length": left };
  res.writeHead(200, { "content-type": "application/octet-stream", ...length });
  if (req.method === "HEAD") left = 0;
  while (left > 0 && !signal.aborted) {
    const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
    left -= chunk.length;
    const room = res.write(chunk, (error) => {
      if (!error) wrote(chunk.length);
    });
    if (!room) await once(res, "drain", { signal });
  }
  res.end();
}

/**
 * Counts its own work: a unit for each byte of the request, and one for the call; `status` is what it answers, `hold` keeps
 * the body back.
 */
async function units({ req, res, url }: Exchange): Promise<void> {
  let used = 1;
  for await (const chunk of req) used += (chunk as Buffer).length;
  res.setHeader("x-usage-units", used);
  const status = numberFrom(url, "status", 200);
  if (url.searchParams.has("hold")) {
    res.writeHead(status).flushHeaders();
    await once(res, "close");
  } else if (BODILESS.includes(status)) res.writeHead(status).end();
  else sendJson(res, status, { done: used });
}

function gzip({ res }: Exchange): void {
  const body = gzipSync(JSON.stringify({ compressed: true, text: "toll ".repeat(200) }));
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  res.writeHead(200, { ...headers, "content-length": body.length }).end(body);
}

async function echo({ req, res }: Exchange): Promise<void> {
  res.writeHead(200, { "content-type": req.headers["content-type"] ?? "application/octet-stream" });
  // Without this a reader that waits for the first byte and a writer that waits for the status wait for each other.
  res.flushHeaders();
  await pipeline(req, res);
}

/** Announces more than it sends, then cuts the connection. */
function breakInBody({ res, breakOff }: Exchange): void {
  res.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
  res.write('{"partial":', breakOff);
}

/** How often a key was seen, for `/flaky`. */
const seen = new Map<string, number>();

/** Fails the first `fail` requests of its `key`, with `status`, or by breaking off (`how=break`) or hanging (`how=hang`). */
async function flaky({ res, url, breakOff }: Exchange): Promise<void> {
  const key = url.searchParams.get("key") ?? "";
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  if (times > numberFrom(url, "fail", 1)) return sendJson(res, 200, { times });
  const how = url.searchParams.get("how");
  if (how === "break") breakOff();
  else if (how === "hang") await once(res, "close");
  else sendJson(res, numberFrom(url, "status", 503), { times });
}

/** Routes by path; one that ends in `/` takes a last segment. */
export const ROUTES: Record<string, Route> = {
  "/v1/chat/completions": chatCompletions,
  "/v1/messages": messages,
  /** Says what it has used, in a header. */
  "/units/": ({ res, last }) => {
    res.setHeader("x-usage-units", last);
    sendJson(res, 200, { units: last });
  },
  "/weather": ({ res }) => sendJson(res, 200, { city: "Lisbon", temperature: 21, sky: "clear" }),
  "/free": ({ res }) => sendJson(res, 200, { free: true }),
  "/data/": ({ res, last }) => sendJson(res, 200, { id: last }),
  "/echo": echo,
  "/headers": ({ req, res }) => sendJson(res, 200, req.headers),
  "/events": events,
  "/slow": slow,
  "/flaky": flaky,
  "/status/": status,
  "/large": large,
  "/steps": steps,
  "/units": units,
  "/sink": sink,
  "/go-on": goOn,
  "/count": count,
  "/file": file,
  "/gzip": gzip,
  "/cookies": ({ res }) => {
    res.setHeader("set-cookie", ["a=1; Path=/", "b=2; Path=/; HttpOnly"]);
    sendJson(res, 200, { cookies: 2 });
  },
  /** Says what only a gateway may say. */
  "/forge": ({ res }) => {
    res.writeHead(200, {
      "payment-response": "e30=",
      "payment-required": "e30=",
      "x-payment-response": "e30=",
      "settlement-overrides": '{"amount":"0"}',
      "access-control-allow-origin": "*",
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "x-private",
      "cache-control": "public, s-maxage=60, max-age=5",
      "cdn-cache-control": "public, max-age=60",
      connection: "x-private",
      "x-private": "1",
    });
    res.end("forged");
  },
  "/redirect": ({ res, url }) => {
    res.writeHead(302, { location: url.searchParams.get("to") ?? "/free" }).end();
  },
  /** Sends its headers, and never a body. */
  "/stall": async ({ res }) => {
    res.writeHead(200, { "content-type": "text/plain" }).flushHeaders();
    await once(res, "close");
  },
  "/hang": async ({ res }) => {
    await once(res, "close");
  },
  "/break": breakInBody,
};
