/**
 * Handing an answer to the client while watching how it ends, because that decides whether a payment has bought its
 * answer. Nothing is buffered: a client that stops reading stops the upstream, one that leaves closes it.
 */
import type { Ending } from "../core/answer.ts";

/** What is known of a body, and who looks at it. */
export type Watch = {
  /** Bytes, if it was announced. */
  length: number | undefined;
  /** Asked when the body breaks off: has the client gone, has the gateway cut the connection? */
  left: () => boolean;
  wasCut: () => boolean;
  /** Told of each chunk that the client has taken; then no chunk passes unseen. */
  sent?: ((chunk: Uint8Array) => void) | undefined;
  /** Ends it where it is, though the client may not be reading. */
  over?: AbortSignal | undefined;
  /** Shown each chunk, and `undefined` at the end, until it says that it wants no more. */
  taster?: ((chunk: Uint8Array | undefined) => boolean) | undefined;
};

/** A body to give to the client, and how it ended. */
export function watch(source: ReadableStream<Uint8Array>, how: Watch) {
  const { readable, writable } = passThrough(how.length);
  return { body: readable, ending: pump(source, writable, how) };
}

async function pump(
  source: ReadableStream<Uint8Array>,
  sink: WritableStream<Uint8Array>,
  { left, wasCut, sent, over, taster = () => false }: Watch,
): Promise<Ending> {
  let begun = false;
  try {
    const passed = (chunk: Uint8Array | undefined) => {
      begun = true;
      if (chunk) sent?.(chunk);
    };
    await passFirst(source, sink, (chunk) => taster(chunk) || sent !== undefined, passed, over);
    await source.pipeTo(sink, { preventCancel: true, ...(over ? { signal: over } : {}) });
    return "delivered";
  } catch (error) {
    const aborting = sink.abort(error).catch(() => undefined);
    // A write that is under way holds that up until the client reads on.
    if (!over?.aborted) await aborting;
    // Cancelling tells which side failed: a source that broke answers with its error.
    const sourceBroke = await source.cancel().then(
      () => false,
      () => true,
    );
    if (!begun || wasCut()) return "unfinished";
    return !sourceBroke || left() ? "left" : "broken";
  }
}

/**
 * Resolves once the first bytes were taken by the client and nobody wants to see the next; the rest can then be left to
 * the runtime's own pipe.
 */
async function passFirst(
  source: ReadableStream<Uint8Array>,
  sink: WritableStream<Uint8Array>,
  taster: (chunk: Uint8Array | undefined) => boolean,
  passed: (chunk: Uint8Array | undefined) => void,
  over: AbortSignal | undefined,
): Promise<void> {
  const reader = source.getReader();
  const writer = sink.getWriter();
  try {
    const unlessGone = whileOpen(writer, over);
    for (let more = true; more; ) {
      const { done, value } = await unlessGone(reader.read()).catch(async (error: unknown) => {
        await reader.cancel().catch(() => undefined);
        throw error;
      });
      more = taster(value) && !done;
      if (!done) await unlessGone(writer.write(value));
      passed(value);
    }
  } finally {
    reader.releaseLock();
    writer.releaseLock();
  }
}

/**
 * Waits for something, and no longer than the client is there: one that leaves while nothing is being written shows only in
 * `closed`. That is listened to once, and so is `over`. A race with them for every chunk would hold them all until the
 * answer has ended.
 */
function whileOpen(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  over: AbortSignal | undefined,
): <T>(work: Promise<T>) => Promise<T> {
  let gone: Error | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  const leave = (cause?: unknown) => {
    gone = new Error("the client has gone", { cause });
    giveUp?.(gone);
  };
  writer.closed.then(leave, leave);
  if (over?.aborted) leave(over.reason);
  over?.addEventListener("abort", () => leave(over.reason), { once: true });
  return (work) =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      work.then(resolve, reject);
      if (gone) reject(gone);
    });
}

/** workerd's own pipes move bytes without running JavaScript, and the fixed one announces its length. */
function passThrough(length: number | undefined): TransformStream<Uint8Array, Uint8Array> {
  if (length !== undefined && typeof FixedLengthStream === "function") return new FixedLengthStream(length);
  return typeof IdentityTransformStream === "function"
    ? new IdentityTransformStream()
    : new TransformStream();
}
