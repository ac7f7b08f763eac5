/** What is watched on its way to a client goes through: nothing of it is held. */
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { watch } from "../../src/proxy/deliver.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const CHUNKS = 1000;

it("a watched answer holds none of the chunks that have gone through", async () => {
  const given: WeakRef<Uint8Array>[] = [];
  let held = CHUNKS;
  const source = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (given.length < CHUNKS) {
        const chunk = new Uint8Array(100);
        given.push(new WeakRef(chunk));
        controller.enqueue(chunk);
        return;
      }
      await turn();
      collectGarbage();
      held = given.filter((chunk) => chunk.deref() !== undefined).length;
      controller.close();
    },
  });
  let bytes = 0;
  const sent = (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
  };
  const { body, ending } = watch(source, { length: undefined, left: () => false, wasCut: () => false, sent });
  for await (const _ of body as unknown as AsyncIterable<Uint8Array>) await turn();
  expect(await ending).toBe("delivered");
  expect(bytes).toBe(CHUNKS * 100);
  expect(held).toBeLessThan(20);
});
