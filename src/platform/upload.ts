/**
 * Node's way to an upstream for a body that streams. Its `fetch` keeps a copy of every body, for a redirect that may
 * want it again, so that an upload of a gigabyte takes a gigabyte of memory; this one keeps nothing. What comes back
 * is what `fetch` would give: decoded, redirects not followed.
 */
import { type IncomingMessage, request as plain } from "node:http";
import { request as secure } from "node:https";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Arrival } from "../core/arrival.ts";

/** The same streams; the types of Node and of Workers differ. */
type NodeStream = Parameters<typeof Readable.fromWeb>[0];
type Upload = NonNullable<Arrival["upload"]>;

/** What has arrived is handed on, even if the encoder goes on later. */
const AT_ONCE = { flush: constants.Z_SYNC_FLUSH };
const DECODERS: Record<string, () => Duplex> = {
  gzip: () => createGunzip(AT_ONCE),
  "x-gzip": () => createGunzip(AT_ONCE),
  deflate: () => createInflate(AT_ONCE),
  br: () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
};

/** Sends the body as it comes; rejects when there is no answer. */
export const upload: Upload = (target, { method, headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const { request } = target.protocol === "https:" ? { request: secure } : { request: plain };
    const outgoing = request(target.href, { method, headers: Object.fromEntries(headers), signal });
    outgoing.on("response", (incoming) => {
      try {
        resolve(answerOf(incoming));
      } catch (error) {
        // No status that an answer can have.
        outgoing.destroy();
        reject(error);
      }
    });
    outgoing.on("error", reject);
    // An upstream may answer without having read everything: then the answer counts, and not what is left to send.
    pipeline(Readable.fromWeb(body as unknown as NodeStream), outgoing).catch(reject);
  });

function answerOf(incoming: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const status = incoming.statusCode ?? 0;
  if (status === 204 || status === 205 || status === 304) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  const decoder = DECODERS[headers.get("content-encoding")?.toLowerCase() ?? ""]?.();
  // A broken answer ends the decoder with the error, which is seen there.
  if (decoder) pipeline(incoming, decoder).catch(() => undefined);
  return new Response(Readable.toWeb(decoder ?? incoming) as unknown as ReadableStream<Uint8Array>, {
    status,
    headers,
  });
}
