/**
 * Handing an answer to the client while watching where it ends: read to the end or dropped by the client, it is
 * delivered; broken off by the upstream, it is not, and a settled payment may be presented again. Nothing is buffered:
 * a client that stops reading stops the upstream, one that leaves closes it.
 */

/** What became of a body: the client has it (or walked away), or the upstream broke off. */
export type Ending = "delivered" | "broken";

/** A body to give to the client, and how it ended. */
export function watch(body: ReadableStream<Uint8Array>, length: number | undefined) {
  const { readable, writable } = passThrough(length);
  return { body: readable, ending: pump(body, writable) };
}

async function pump(source: ReadableStream<Uint8Array>, sink: WritableStream<Uint8Array>): Promise<Ending> {
  try {
    await source.pipeTo(sink, { preventCancel: true });
    return "delivered";
  } catch {
    // Cancelling tells which side failed: a source that broke answers with its error.
    return await source.cancel().then(
      () => "delivered" as const,
      () => "broken" as const,
    );
  }
}

/** workerd's own pipes move bytes without running JavaScript, and the fixed one announces its length. */
function passThrough(length: number | undefined): TransformStream<Uint8Array, Uint8Array> {
  if (length !== undefined && typeof FixedLengthStream === "function") return new FixedLengthStream(length);
  return typeof IdentityTransformStream === "function"
    ? new IdentityTransformStream()
    : new TransformStream();
}
