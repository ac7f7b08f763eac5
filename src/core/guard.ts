/** A body that streams on, counted and watched: it may grow too long, or its client may fall silent. */
import { within } from "./deadline.ts";
import { GatewayError } from "./errors.ts";

/** Bytes that are read at once. */
const PIECE = 131_072;

/** What is watched for. */
type Limits = {
  /** Bytes that were announced; 0 where none were. */
  length: number;
  /** Longest body, bytes. */
  most: number;
  /** Longest silence, ms. */
  silenceMs: number;
};

/** The refusal of a body. */
export function tooLarge(most: number): GatewayError {
  return new GatewayError("body_too_large", { detail: `At most ${most} bytes are taken here.` });
}

/** What a read gives. @throws GatewayError `body_timeout`, or `body_incomplete` when the body has broken off */
export async function nextPiece<Piece>(read: () => Promise<Piece>, silenceMs: number): Promise<Piece> {
  try {
    return await within(silenceMs, () =>
      read().catch((cause) => {
        throw new GatewayError("body_incomplete", { cause });
      }),
    );
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : new GatewayError("body_timeout", { cause });
  }
}

/**
 * The same bytes, read one piece at a time: an upstream that does not read is no silence of the client's. `cut` hears why
 * a body is refused; then its stream ends with an error, as it does when the client's own breaks off.
 */
export function guard(
  source: ReadableStream<Uint8Array>,
  { length, most, silenceMs }: Limits,
  cut: (why: GatewayError) => void,
): ReadableStream<Uint8Array> {
  const refuse = (why: unknown) => {
    if (why instanceof GatewayError && why.code !== "body_incomplete") cut(why);
  };
  if (typeof FixedLengthStream !== "function") return counted(source, most, silenceMs, refuse);
  // Without its length workerd would send the body in chunks.
  if (length > 0) return measured(source, new FixedLengthStream(length), silenceMs, refuse);
  // A body in chunks that ends early while its answer is under way, workerd ends as if it were whole, unless the bytes move
  // without JavaScript. So they do where nothing is counted.
  return most === Number.POSITIVE_INFINITY ? source : counted(source, most, silenceMs, refuse);
}

/** Of any length up to `most`. */
function counted(
  source: ReadableStream<Uint8Array>,
  most: number,
  silenceMs: number,
  refuse: (why: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let left = most;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await nextPiece(() => reader.read(), silenceMs);
          if (done) return controller.close();
          left -= value.byteLength;
          if (left < 0) throw tooLarge(most);
          controller.enqueue(value);
        } catch (why) {
          refuse(why);
          controller.error(why);
          reader.cancel().catch(() => undefined);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Of a length that the runtime holds to. All of it passes through one buffer: what workerd allocates it frees late. */
function measured(
  source: ReadableStream<Uint8Array>,
  { readable, writable }: FixedLengthStream,
  silenceMs: number,
  refuse: (why: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  const stop = () => reader.cancel().catch(() => undefined);
  // Nobody wants it any more, and perhaps nothing is being written.
  writer.closed.catch(stop);
  async function pump(): Promise<void> {
    let buffer = new ArrayBuffer(PIECE);
    for (;;) {
      const { done, value } = await nextPiece(() => reader.read(new Uint8Array(buffer)), silenceMs);
      if (done) return writer.close();
      await writer.write(value);
      buffer = value.buffer as ArrayBuffer;
    }
  }
  pump().catch((why) => {
    refuse(why);
    writer.abort(why).catch(() => undefined);
    stop();
  });
  return readable;
}
