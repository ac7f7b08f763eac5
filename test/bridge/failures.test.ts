import { describe, expect, it } from "vitest";
import { connectTo } from "../../src/bridge/connect.ts";
import { startBridge } from "../../src/bridge/serve.ts";
import { post, postJson } from "./backends.ts";
import { startServer } from "./scripted-server.ts";

const NO_ANSWER = { error: expect.stringMatching(/^ERR no answer from Redis: ./) };

describe("a bridge whose Redis fails", () => {
  it("answers 500 on every endpoint and 503 on health when nothing listens", async () => {
    const gone = await startServer(() => {});
    await gone.close();
    const bridge = await startBridge({ ...connectTo(gone.url), token: "t" });
    for (const path of ["/pipeline", "/multi-exec"]) {
      const answer = await post(bridge, path, [["PING"]]);
      expect([answer.status, await answer.json()]).toEqual([500, NO_ANSWER]);
    }
    expect(await postJson(bridge, "/", ["PING"])).toEqual(NO_ANSWER);
    const health = await fetch(`${bridge.url}/health`);
    expect([health.status, await health.json()]).toEqual([503, { ok: false }]);
    await bridge.close();
  });

  it("gives up a Redis that never answers, and tries a new connection next time", async () => {
    let connections = 0;
    const silent = await startServer(() => {
      connections += 1;
    });
    const bridge = await startBridge({ ...connectTo(silent.url), token: "t", replyTimeoutMs: 50 });
    const answers = await Promise.all([postJson(bridge, "/", ["PING"]), postJson(bridge, "/", ["PING"])]);
    expect(answers).toEqual([NO_ANSWER, NO_ANSWER]);
    expect(await postJson(bridge, "/", ["PING"])).toEqual(NO_ANSWER);
    expect(connections).toBe(2);
    await bridge.close();
    await silent.close();
  });

  it("answers 500 when the connection dies half-way through a batch, and never sends it again", async () => {
    const received: string[] = [];
    const dying = await startServer((socket) =>
      socket.on("data", (chunk) => {
        received.push(chunk.toString());
        socket.end(":1\r\n");
      }),
    );
    const bridge = await startBridge({ ...connectTo(dying.url), token: "t" });
    const answer = await post(bridge, "/pipeline", [
      ["INCR", "a"],
      ["INCR", "b"],
    ]);
    expect([answer.status, await answer.json()]).toEqual([500, NO_ANSWER]);
    expect(received.join("").match(/INCR/g)).toHaveLength(2);
    await bridge.close();
    await dying.close();
  });

  it("answers 500 to replies that are no RESP", async () => {
    const babbling = await startServer((socket) => socket.on("data", () => socket.write("HTTP/1.1 400\r\n")));
    const bridge = await startBridge({ ...connectTo(babbling.url), token: "t" });
    expect(await postJson(bridge, "/", ["PING"])).toEqual(NO_ANSWER);
    await bridge.close();
    await babbling.close();
  });

  it("puts replies together that arrive byte by byte", async () => {
    const reply = "*3\r\n$5\r\nab\r\nc\r\n*-1\r\n*2\r\n:-7\r\n+OK\r\n";
    const slow = await startServer((socket) => {
      socket.setNoDelay(true);
      socket.once("data", async () => {
        for (const byte of reply) await new Promise((sent) => socket.write(byte, sent));
      });
    });
    const bridge = await startBridge({ ...connectTo(slow.url), token: "t" });
    expect(await postJson(bridge, "/", ["GET", "k"])).toEqual({ result: ["ab\r\nc", null, [-7, "OK"]] });
    await bridge.close();
    await slow.close();
  });

  it("does not start without a token or on a port that is taken", async () => {
    const taken = await startServer(() => {});
    const backend = connectTo(taken.url);
    await expect(startBridge({ ...backend, token: "" })).rejects.toThrow(/needs a token/);
    await expect(startBridge({ ...backend, token: "t", port: taken.port })).rejects.toThrow(/EADDRINUSE/);
    await taken.close();
  });
});
