/**
 * Ends an answer whose upstream is silent for too long, or that takes too long as a whole. What is silent is the upstream:
 * time in which the client does not read does not count for `idle`.
 */

/** How long, ms; and who ends the exchange otherwise. */
export type Limits = {
  idleMs: number | undefined;
  /** What is left of the whole exchange's time. */
  leftMs: number | undefined;
  /** Aborted when the exchange is over for another reason. */
  over: AbortSignal;
};

/** The body, and `cut` told why it was ended, if it was. */
export function timed(
  source: ReadableStream<Uint8Array>,
  { idleMs, leftMs, over }: Limits,
  cut: (why: "idle" | "total") => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let silence: ReturnType<typeof setTimeout> | undefined;
  let whole: ReturnType<typeof setTimeout> | undefined;
  const settle = () => {
    clearTimeout(silence);
    clearTimeout(whole);
    over.removeEventListener("abort", settle);
  };
  over.addEventListener("abort", settle, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (leftMs === undefined) return;
        whole = setTimeout(() => end(controller, "total"), Math.max(0, leftMs));
      },
      async pull(controller) {
        if (idleMs !== undefined) silence = setTimeout(() => end(controller, "idle"), idleMs);
        try {
          const { done, value } = await reader.read();
          clearTimeout(silence);
          if (!done) return controller.enqueue(value);
          settle();
          controller.close();
        } catch (error) {
          settle();
          throw error;
        }
      },
      cancel(reason) {
        settle();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );

  function end(controller: ReadableStreamDefaultController<Uint8Array>, why: "idle" | "total"): void {
    settle();
    controller.error(
      new Error(why === "idle" ? "the upstream has gone silent" : "the answer takes too long"),
    );
    cut(why);
  }
}
