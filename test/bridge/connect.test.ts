import { describe, expect, it } from "vitest";
import { connectTo } from "../../src/bridge/connect.ts";
import { startBridge } from "../../src/bridge/serve.ts";
import { postJson } from "./backends.ts";
import { startServer } from "./scripted-server.ts";

describe("a Redis URL", () => {
  it.each(["http://localhost", "redis://", "localhost:6379", "redis://:secret@host/db1", ""])(
    "%j is refused",
    (url) => {
      expect(() => connectTo(url)).toThrow(/Redis URL/);
      expect(() => connectTo(url)).not.toThrow(/secret/);
    },
  );

  it("gives AUTH and SELECT only where it names a password or another database", () => {
    expect(connectTo("redis://host").greeting).toEqual([]);
    expect(connectTo("redis://host/0").greeting).toEqual([]);
    expect(connectTo("rediss://:p%3Aw@host:1/7").greeting).toEqual([
      ["AUTH", "p:w"],
      ["SELECT", "7"],
    ]);
    expect(connectTo("redis://user:pw@[::1]").greeting).toEqual([["AUTH", "user", "pw"]]);
  });

  it("sends no command before AUTH and SELECT are accepted, and none at all when they are refused", async () => {
    const received: string[] = [];
    const strict = await startServer((socket) =>
      socket.on("data", (chunk) => {
        received.push(chunk.toString());
        socket.write("+OK\r\n-ERR DB index is out of range\r\n");
      }),
    );
    const bridge = await startBridge({
      ...connectTo(`redis://me:p%40ss@127.0.0.1:${strict.port}/99`),
      token: "t",
    });
    const answer = { error: "ERR no answer from Redis: ERR DB index is out of range" };
    expect(await postJson(bridge, "/", ["FLUSHDB"])).toEqual(answer);
    expect(received.join("")).toBe(
      "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$4\r\np@ss\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n",
    );
    await bridge.close();
    await strict.close();
  });
});
