/** Routes that go on when they are told to, so that a test knows what cannot have been sent or read yet. */
import { EventEmitter, on, once } from "node:events";
import { constants, createGzip } from "node:zlib";
import type { Exchange } from "./upstream-routes.ts";

const told = new EventEmitter().setMaxListeners(0);

/** Tells every `/steps` to send its next event, and every `/sink` to begin reading. */
export function goOn({ res }: Exchange): void {
  told.emit("on");
  res.writeHead(204).end();
}

/** Server-sent events: one at once, each further one when it is told to; `gzip=1` compresses and flushes each. */
export async function steps({ res, url, signal }: Exchange): Promise<void> {
  const compressed = url.searchParams.has("gzip");
  res.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    ...(compressed ? { "content-encoding": "gzip" } : {}),
  });
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  if (compressed) gzip.pipe(res);
  let id = 0;
  const send = () => {
    id += 1;
    (compressed ? gzip : res).write(`id: ${id}\ndata: {"n":${id}}\n\n`);
  };
  const more = on(told, "on", { signal });
  send();
  for await (const _ of more) send();
}

/** Answers with its headers at once, reads nothing until it is told to, then everything, and says how much it was. */
export async function sink({ req, res, signal }: Exchange): Promise<void> {
  res.writeHead(200, { "content-type": "application/json" }).flushHeaders();
  await once(told, "on", { signal });
  res.end(JSON.stringify({ bytes: await countBytes(req) }));
}

/** Answers with its headers at once, reads everything and says how much it was. */
export async function count({ req, res }: Exchange): Promise<void> {
  res.writeHead(200, { "content-type": "application/json" }).flushHeaders();
  res.end(JSON.stringify({ bytes: await countBytes(req) }));
}

async function countBytes(body: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}
