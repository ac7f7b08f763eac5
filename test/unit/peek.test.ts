/** Bodies that a hook has looked into: whoever they are for gets every byte, in order, and as soon as it is there. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_BYTES, peek } from "../../src/hooks/peek.ts";

function streamOf(chunks: Uint8Array[], end: "close" | "error" = "close"): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk) controller.enqueue(chunk);
      else if (end === "close") controller.close();
      else controller.error(new Error("broke off"));
    },
  });
}

const bytesIn = async (body: ReadableStream<Uint8Array> | null) =>
  new Uint8Array(await new Response(body).arrayBuffer());

it("until it is looked into, nothing is read and the stream is the very same", () => {
  const source = streamOf([new Uint8Array(1)]);
  const body = peek(source, "it");
  expect([body.touched(), source.locked, body.rest()]).toEqual([false, false, source]);
});

it("however it is cut and however much was read, the rest has every byte", async () => {
  const cut = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cut, fc.nat(12), async (chunks, turns) => {
      const body = peek(streamOf(chunks), "it");
      const reading = body.bytes().catch((error: Error) => error.message);
      for (let i = 0; i < turns; i++) await undefined;
      const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
      expect(await bytesIn(body.rest())).toEqual(whole);
      expect([whole, "it has gone on"]).toContainEqual(await reading);
    }),
  );
});

it("what was read is the same however often it is asked for, and nobody can change another's", async () => {
  const body = peek(streamOf([new Uint8Array([1, 2])]), "it");
  const first = await body.bytes();
  first.fill(9);
  expect([...(await body.bytes())]).toEqual([1, 2]);
  expect([...(await bytesIn(body.rest()))]).toEqual([1, 2]);
});

it("at the limit it is read; beyond it is not, and no further than it takes to know", async () => {
  expect((await peek(streamOf([new Uint8Array(MAX_BYTES)]), "it").bytes()).byteLength).toBe(MAX_BYTES);
  let read = 0;
  const endless = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        read += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    },
    { highWaterMark: 0 },
  );
  await expect(peek(endless, "it").bytes()).rejects.toThrow(`it is longer than ${MAX_BYTES} bytes`);
  expect(read).toBe(MAX_BYTES + 65_536);
});

it("a chunk goes on when it is there, also one that a hook was waiting for", async () => {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = peek(
    new ReadableStream({
      start(controller) {
        source = controller;
      },
    }),
    "it",
  );
  const reading = body.bytes().catch((error: Error) => error.message);
  const reader = body.rest()?.getReader();
  const first = reader?.read();
  source?.enqueue(new Uint8Array([7]));
  expect([...((await first)?.value ?? [])]).toEqual([7]);
  expect(await reading).toBe("it has gone on");
});

it("a body that breaks off breaks off for both, and a reader that leaves closes the source", async () => {
  const body = peek(streamOf([new Uint8Array(3)], "error"), "it");
  await expect(body.bytes()).rejects.toThrow("broke off");
  await expect(bytesIn(body.rest())).rejects.toThrow("broke off");
  let cancelled: unknown;
  const open = peek(
    new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel(reason) {
        cancelled = reason;
      },
    }),
    "it",
  );
  open.bytes().catch(() => undefined);
  await open.rest()?.cancel("left");
  expect(cancelled).toBe("left");
});

it("no body is an empty one", async () => {
  const body = peek(null, "it");
  expect([(await body.bytes()).byteLength, body.rest()]).toEqual([0, null]);
});
