/** What is asked together leaves together. */
import { expect, it } from "vitest";
import type { RunScripts, ScriptCall } from "../../src/core/stores.ts";
import { openBatch } from "../../src/stores/batch.ts";

/** A connection that answers when it is told to. */
function connection() {
  const requests: ScriptCall[][] = [];
  let settle: { resolve: (replies: unknown[]) => void; reject: (error: Error) => void } | undefined;
  const run: RunScripts = (calls) => {
    requests.push(calls);
    return new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
  };
  return {
    run,
    requests,
    reply: (...replies: unknown[]) => settle?.resolve(replies),
    fail: (error: Error) => settle?.reject(error),
  };
}

const call = (script: string): ScriptCall => ({ script, keys: [], args: [] });
const all = (replies: unknown[]) => replies;

it("one connection is asked once, in order, and each question gets its own replies", async () => {
  const { run, requests, reply } = connection();
  const batch = openBatch();
  const first = batch.add({ run, calls: [call("a"), call("b")], read: all });
  const second = batch.add({ run, calls: [call("c")], read: ([c]) => `${c}!` });
  batch.send();
  expect(requests.map((calls) => calls.map(({ script }) => script))).toEqual([["a", "b", "c"]]);
  reply(1, 2, 3);
  expect([await first, await second]).toEqual([[1, 2], "3!"]);
});

it("different connections are asked at the same time, and one that fails does not fail the other", async () => {
  const [a, b] = [connection(), connection()];
  const batch = openBatch();
  const first = batch.add({ run: a.run, calls: [call("a")], read: all });
  const second = batch.add({ run: b.run, calls: [call("b")], read: all });
  batch.send();
  expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
  b.fail(new Error("away"));
  await expect(second).rejects.toThrow("away");
  a.reply("answer");
  expect(await first).toEqual(["answer"]);
});

it("a reply that cannot be read is that question's misfortune alone", async () => {
  const { run, reply } = connection();
  const batch = openBatch();
  const unreadable = batch.add({
    run,
    calls: [call("a")],
    read: () => {
      throw new Error("unreadable");
    },
  });
  const other = batch.add({ run, calls: [call("b")], read: all });
  batch.send();
  reply(1, 2);
  await expect(unreadable).rejects.toThrow("unreadable");
  expect(await other).toEqual([2]);
});

it("nothing asked is nothing sent", () => {
  const { run, requests } = connection();
  expect(run).toBeTypeOf("function");
  openBatch().send();
  expect(requests).toEqual([]);
});
