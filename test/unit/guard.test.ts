/** A body on its way to the upstream: counted, and watched for silence. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openBody } from "../../src/core/body.ts";
import type { GatewayError } from "../../src/core/errors.ts";
import { routeOf } from "./call.ts";

type Limits = { maxBodyBytes?: number; maxRequestBytes?: number; silenceMs?: number; timeoutMs?: number };

/** A body of these pieces, which then ends, breaks off, or stays silent. */
function bodyOf(pieces: string[], then: "end" | "break" | "silence" | ReadableStream, limits: Limits = {}) {
  let cancelled = false;
  const stream =
    then instanceof ReadableStream
      ? then
      : new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              const piece = pieces.shift();
              if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
              else if (then === "end") controller.close();
              else if (then === "break") controller.error(new Error("reset"));
              else return new Promise(() => undefined);
            },
            cancel() {
              cancelled = true;
            },
          },
          { highWaterMark: 0 },
        );
  const { timeoutMs = 1000, ...own } = limits;
  const route = { ...routeOf("POST /a"), ...own };
  route.upstream = { ...route.upstream, timeoutMs };
  const init = { method: "POST", body: stream, duplex: "half" };
  return {
    body: openBody(new Request("https://gateway.example/a", init), route),
    isCancelled: () => cancelled,
  };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "nothing",
    (error: GatewayError) => error.code,
  );

describe("a body that streams on", () => {
  async function forward(...args: Parameters<typeof bodyOf>) {
    const { body, isCancelled } = bodyOf(...args);
    const cuts: string[] = [];
    const stream = (await body.forward(({ code }) => cuts.push(code))) as ReadableStream<Uint8Array>;
    return { stream, cuts, isCancelled };
  }

  it("goes on whole when it is as long as may be", async () => {
    const { stream, cuts } = await forward(["12345", "67890"], "end", { maxRequestBytes: 10 });
    expect(await new Response(stream).text()).toBe("1234567890");
    expect(cuts).toEqual([]);
  });

  it("that is a byte too long ends with an error, its call is cut, and its client is read no further", async () => {
    const { stream, cuts, isCancelled } = await forward(["12345", "678901"], "silence", {
      maxRequestBytes: 10,
    });
    expect(await codeOf(new Response(stream).text())).toBe("body_too_large");
    expect(cuts).toEqual(["body_too_large"]);
    expect(isCancelled()).toBe(true);
  });

  it("whose client falls silent is cut", async () => {
    const { stream, cuts, isCancelled } = await forward(["12345"], "silence", { silenceMs: 20 });
    expect(await codeOf(new Response(stream).text())).toBe("body_timeout");
    expect(cuts).toEqual(["body_timeout"]);
    expect(isCancelled()).toBe(true);
  });

  it("whose client breaks off ends with an error, and is not the gateway's to refuse", async () => {
    const { stream, cuts } = await forward(["12345"], "break", { silenceMs: 1000 });
    expect(await codeOf(new Response(stream).text())).toBe("body_incomplete");
    expect(cuts).toEqual([]);
  });

  it("is not silent while the upstream does not read", async () => {
    const { stream, cuts } = await forward(["12345", "67890"], "end", { silenceMs: 20 });
    const reader = stream.getReader();
    await reader.read();
    await sleep(60);
    expect((await reader.read()).done).toBe(false);
    expect((await reader.read()).done).toBe(true);
    expect(cuts).toEqual([]);
  });

  it("that the upstream does not want is not read to its end", async () => {
    const { stream, cuts, isCancelled } = await forward(["12345"], "silence", { silenceMs: 1000 });
    const reader = stream.getReader();
    await reader.read();
    const waiting = reader.read();
    await reader.cancel();
    expect((await waiting).done).toBe(true);
    expect(isCancelled()).toBe(true);
    expect(cuts).toEqual([]);
  });
});

describe("a body that is read", () => {
  it.each<[string, string[], "end" | "break" | "silence", Limits, string]>([
    ["longer than what is read here", ["12345"], "end", { maxBodyBytes: 4 }, "body_too_large"],
    ["longer than what goes through", ["12345"], "end", { maxRequestBytes: 4 }, "body_too_large"],
    ["whose client falls silent", ["12345"], "silence", { silenceMs: 20, timeoutMs: 60_000 }, "body_timeout"],
    [
      "that takes too long in all",
      ["12345"],
      "silence",
      { silenceMs: 60_000, timeoutMs: 20 },
      "body_timeout",
    ],
    ["that breaks off", ["12345"], "break", {}, "body_incomplete"],
  ])("%s is refused", async (_, pieces, then, limits, code) => {
    const { body } = bodyOf(pieces, then, limits);
    expect(await codeOf(body.bytes())).toBe(code);
    // Whoever has read it may not have minded; nothing is sold for it.
    expect(await codeOf(body.seal())).toBe(code);
  });

  it("that trickles is refused when its time is over, though it was never silent", async () => {
    const trickle = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await sleep(5);
        controller.enqueue(new Uint8Array(1));
      },
    });
    const { body } = bodyOf([], trickle, { silenceMs: 1000, timeoutMs: 50 });
    expect(await codeOf(body.bytes())).toBe("body_timeout");
  });
});
