/**
 * Looking into a body that somebody else will read: what was looked at is put in front of the rest. Until it is looked at
 * nothing is read, and the stream goes on as it is.
 */
import { join } from "../core/bytes.ts";
import { quiet } from "./told.ts";

/** Longest body that a hook can read, bytes. */
export const MAX_BYTES = 1_048_576;

/** A body on its way. */
export type Peek = {
  /** All of it, once, however often it is asked for. Rejects beyond the limit, and when it has gone on. */
  bytes: () => Promise<Uint8Array>;
  /** True when some of it was read here. */
  touched: () => boolean;
  /** The body for whoever it is meant for; from now on nothing is read here. */
  rest: () => ReadableStream<Uint8Array> | null;
};

/** Opens a body. `whose` names it in messages. */
export function peek(source: ReadableStream<Uint8Array> | null, whose: string): Peek {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = source === null;
  let gone = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let all: Promise<Uint8Array> | undefined;
  let step: Promise<void> | undefined;

  async function pull(): Promise<void> {
    reader ??= source?.getReader();
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) ended = true;
    else if (value) {
      chunks.push(value);
      size += value.byteLength;
    }
  }
  /** One read at a time, whoever waits for it: a hook that is out of time may have left one open. */
  function next(): Promise<void> {
    step ??= pull().finally(() => {
      step = undefined;
    });
    return step;
  }
  async function readAll(): Promise<Uint8Array> {
    while (!ended && !gone && size <= MAX_BYTES) await next();
    if (gone) throw new Error(`${whose} has gone on`);
    if (size > MAX_BYTES) throw new Error(`${whose} is longer than ${MAX_BYTES} bytes`);
    return join(chunks);
  }
  return {
    bytes() {
      all ??= quiet(readAll());
      return all.then((bytes) => bytes.slice());
    },
    touched: () => reader !== undefined,
    rest() {
      gone = true;
      if (!reader) return source;
      const pullNext = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
        while (chunks.length === 0 && !ended) await next();
        const chunk = chunks.shift();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      };
      const cancel = (reason: unknown) => reader?.cancel(reason);
      return new ReadableStream({ pull: pullNext, cancel }, { highWaterMark: 0 });
    },
  };
}
