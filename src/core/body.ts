/**
 * The body of a request. It streams on to the upstream unread, unless somebody needs it before: then it is read once, up
 * to the route's limit, and the upstream gets the very same bytes. One that streams on is counted, and cut off when it grows
 * too long or when its client falls silent.
 */
import { join } from "./bytes.ts";
import { within } from "./deadline.ts";
import { GatewayError } from "./errors.ts";
import { guard, nextPiece, tooLarge } from "./guard.ts";
import type { Route } from "./route.ts";

/** The body of a request: streams on unread, or is read once and sent on byte for byte. */
export type RequestBody = {
  /**
   * All of it; empty where there is none.
   * @throws GatewayError `body_too_large`, `body_timeout`, `body_incomplete`, `body_encoded`
   */
  bytes: () => Promise<Uint8Array>;
  /**
   * Nobody begins to read it from now on, and what was begun has ended well: money may move for what can be forwarded.
   * @throws what reading it has failed with, also when whoever has read it did not mind
   */
  seal: () => Promise<void>;
  /**
   * What the upstream gets. A body that is refused on its way (`body_too_large`, `body_timeout`) ends with an error, and
   * `cut` hears why: the call to the upstream has to end with it.
   * @throws what reading it has failed with
   */
  forward: (cut: (why: GatewayError) => void) => Promise<BodyInit | null>;
};

type Limits = Pick<Route, "maxBodyBytes" | "maxRequestBytes" | "silenceMs"> & {
  upstream: Pick<Route["upstream"], "timeoutMs">;
};

/** The longest that what an operator sends may take, and its sender be silent, ms. */
const PATIENCE_MS = 5000;

/** Limits of what the gateway itself reads to its end: an operator's order, a form. */
export function shortBody(maxBytes: number): Limits {
  return {
    maxBodyBytes: maxBytes,
    maxRequestBytes: maxBytes,
    silenceMs: PATIENCE_MS,
    upstream: { timeoutMs: PATIENCE_MS },
  };
}

/** The request's body. @throws GatewayError `body_too_large` when it is announced as longer than any that goes through */
export function openBody(request: Request, limits: Limits): RequestBody {
  const { method, headers } = request;
  const announced = Number(headers.get("content-length")) || 0;
  const { maxRequestBytes, silenceMs } = limits;
  if (announced > maxRequestBytes) throw tooLarge(maxRequestBytes);
  // Asked for only when it is needed: a server that has handed it out expects it to be read.
  const stream = () => (method === "GET" || method === "HEAD" ? null : request.body);
  let reading: Promise<Uint8Array> | undefined;
  let sealed = false;
  return {
    bytes() {
      if (sealed && !reading)
        return Promise.reject(new Error("the request's body goes to the upstream unread"));
      reading ??= read(headers, stream(), announced, limits);
      return reading;
    },
    async seal() {
      sealed = true;
      await reading;
    },
    async forward(cut) {
      sealed = true;
      if (reading) return (await reading) as Uint8Array<ArrayBuffer>;
      const source = stream();
      return source && guard(source, { length: announced, most: maxRequestBytes, silenceMs }, cut);
    },
  };
}

async function read(
  headers: Headers,
  stream: ReadableStream<Uint8Array> | null,
  announced: number,
  { maxBodyBytes, maxRequestBytes, silenceMs, upstream }: Limits,
): Promise<Uint8Array> {
  if (!stream) return new Uint8Array();
  const encoding = headers.get("content-encoding");
  if (encoding !== null && !/^\s*identity\s*$/i.test(encoding)) throw new GatewayError("body_encoded");
  const most = Math.min(maxBodyBytes, maxRequestBytes);
  const reader = stream.getReader();
  try {
    if (announced > most) throw tooLarge(most);
    return await within(upstream.timeoutMs, () => collect(reader, most, silenceMs));
  } catch (cause) {
    reader.cancel().catch(() => undefined);
    throw cause instanceof GatewayError ? cause : new GatewayError("body_timeout", { cause });
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  most: number,
  silenceMs: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; ; ) {
    const { done, value } = await nextPiece(() => reader.read(), silenceMs);
    if (done) return join(chunks);
    size += value.byteLength;
    if (size > most) throw tooLarge(most);
    chunks.push(value);
  }
}
