/** A body that streams on, counted and watched: it may grow too long, or its client may fall silent. */
import { within } from "./deadline.ts";
import { GatewayError } from "./errors.ts";

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

/** The next piece of a body. @throws GatewayError `body_timeout`, or `body_incomplete` when the body has broken off */
export async function nextPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silenceMs: number,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await within(silenceMs, () =>
      reader.read().catch((cause) => {
        throw new GatewayError("body_incomplete", { cause });
      }),
    );
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : new GatewayError("body_timeout", { cause });
  }
}

/**
 * The same bytes, pulled one piece at a time: an upstream that does not read is no silence of the client's. `cut` hears why
 * a body is refused; then its stream ends with an error, as it does when the client's own breaks off.
 */
export function guard(
  source: ReadableStream<Uint8Array>,
  { length, most, silenceMs }: Limits,
  cut: (why: GatewayError) => void,
): ReadableStream<Uint8Array> {
  const isWorkerd = typeof FixedLengthStream === "function";
  // A body in chunks that ends early while its answer is under way, workerd ends as if it were whole, unless the bytes move
  // without JavaScript. So they do where nothing is counted.
  if (isWorkerd && length === 0 && most === Number.POSITIVE_INFINITY) return source;
  const reader = source.getReader();
  let left = most;
  const watched = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await nextPiece(reader, silenceMs);
          if (done) return controller.close();
          left -= value.byteLength;
          if (left < 0) throw tooLarge(most);
          controller.enqueue(value);
        } catch (why) {
          if (why instanceof GatewayError && why.code !== "body_incomplete") cut(why);
          controller.error(why);
          reader.cancel().catch(() => undefined);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  // Without it workerd would send the body in chunks, whatever length was announced.
  return isWorkerd && length > 0 ? watched.pipeThrough(new FixedLengthStream(length)) : watched;
}
