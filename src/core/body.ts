/**
 * The body of a request. It streams on to the upstream unread, unless somebody needs it before: then it is read once, up
 * to the route's limit, and the upstream gets the very same bytes.
 */
import { join } from "./bytes.ts";
import { GatewayError } from "./errors.ts";

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
  /** What the upstream gets. @throws what reading it has failed with */
  forward: () => Promise<BodyInit | null>;
};

/** The request's body; `maxBytes` and `timeoutMs` hold when it is read here, not when it streams on. */
export function openBody(request: Request, maxBytes: number, timeoutMs: number): RequestBody {
  // Asked for only when it is needed: a server that has handed it out expects it to be read.
  const stream = () => (request.method === "GET" || request.method === "HEAD" ? null : request.body);
  let reading: Promise<Uint8Array> | undefined;
  let sealed = false;
  return {
    bytes() {
      if (sealed && !reading)
        return Promise.reject(new Error("the request's body goes to the upstream unread"));
      reading ??= read(request, stream(), maxBytes, timeoutMs);
      return reading;
    },
    async seal() {
      sealed = true;
      await reading;
    },
    async forward() {
      sealed = true;
      return reading ? ((await reading) as Uint8Array<ArrayBuffer>) : stream();
    },
  };
}

async function read(
  { headers }: Request,
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array> {
  if (!stream) return new Uint8Array();
  const encoding = headers.get("content-encoding");
  if (encoding !== null && !/^\s*identity\s*$/i.test(encoding)) throw new GatewayError("body_encoded");
  if (Number(headers.get("content-length") ?? 0) > maxBytes) {
    await stream.cancel().catch(() => undefined);
    throw tooLarge(maxBytes);
  }
  const reader = stream.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => undefined);
  }, timeoutMs);
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (late) throw new GatewayError("body_timeout");
      if (done) return join(chunks);
      size += value.byteLength;
      chunks.push(value);
      if (size <= maxBytes) continue;
      await reader.cancel().catch(() => undefined);
      throw tooLarge(maxBytes);
    }
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : new GatewayError("body_incomplete", { cause });
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError("body_too_large", { detail: `At most ${maxBytes} bytes are read here.` });
}
