/**
 * Serves a bundled edge function in Vercel's own edge runtime: `serve-edge.ts BUNDLE`, port from `PORT`. The runtime
 * package brings a server too, but one that ignores backpressure and clients that leave.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EdgeRuntime } from "edge-runtime";

const [, , script = ""] = process.argv;
const { PORT = "0", ...env } = process.env;
const runtime = new EdgeRuntime({
  initialCode: await readFile(script, "utf8"),
  extend: (context) => Object.assign(context, { process: { env } }),
});
// An answer that breaks off rejects inside the runtime as well as here, where it is handled.
process.on("unhandledRejection", () => undefined);

// More than the gateway takes: that it is too much is for the gateway to say.
const server = createServer({ maxHeaderSize: 131_072, requestTimeout: 0 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(JSON.stringify({ msg: "listening", port: (server.address() as AddressInfo).port }));
});

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const abort = new runtime.context.AbortController();
  outgoing.once("close", () => abort.abort());
  // What nobody read must not wait in the connection that the next request uses.
  outgoing.once("finish", () => incoming.removeAllListeners("data").resume());
  const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
  const response = await runtime.dispatchFetch(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method,
    headers: headersOf(incoming),
    signal: abort.signal,
    ...(hasBody ? { body: bodyOf(incoming), duplex: "half" } : {}),
  } as RequestInit);
  void response.waitUntil();
  const headers = [...response.headers].flatMap(([name, value]) =>
    name === "set-cookie" ? [] : [[name, value] as const],
  );
  outgoing.writeHead(
    response.status,
    Object.fromEntries<string | string[]>([...headers, ["set-cookie", response.headers.getSetCookie()]]),
  );
  if (!response.body) return void outgoing.end();
  outgoing.flushHeaders();
  await pipeline(Readable.from(chunksOf(response.body)), outgoing);
}

/** Vercel overwrites what clients say about their own address. */
function headersOf({ headers, socket }: IncomingMessage): [string, string][] {
  const given = Object.entries({
    ...headers,
    "x-real-ip": socket.remoteAddress,
    "x-forwarded-for": socket.remoteAddress,
  });
  return given.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
}

/** The runtime's own kind of stream: it does not take Node's. */
function bodyOf(incoming: IncomingMessage): ReadableStream {
  let wanted = true;
  return new runtime.context.ReadableStream({
    start(controller: ReadableStreamDefaultController) {
      incoming.on("data", (chunk) => {
        if (!wanted) return;
        controller.enqueue(new runtime.context.Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.once("end", () => wanted && controller.close());
      incoming.once("error", (error) => controller.error(error));
      incoming.pause();
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      wanted = false;
      incoming.resume();
    },
  });
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield Buffer.from(value);
    }
  } finally {
    if (!ended) await reader.cancel();
  }
}
