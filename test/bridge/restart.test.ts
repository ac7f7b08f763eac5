import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { startRedis } from "../../dev/redis.ts";
import { findRedisServer, startRedisProcess } from "../../dev/redis-process.ts";
import { connectTo } from "../../src/bridge/connect.ts";
import { startBridge } from "../../src/bridge/serve.ts";
import { BACKENDS, clientOf, postJson } from "./backends.ts";

const SEVEN = "#!lua flags=allow-key-locking\nreturn 7";
const NO_ANSWER = { error: expect.stringMatching(/^ERR no answer from Redis: ./) };

describe.runIf(BACKENDS.includes("real"))("a restarted redis-server", () => {
  it("is found again by the next request, and its lost scripts by EVAL", async () => {
    const redis = await startRedis({ prefer: "real" });
    const script = clientOf(redis).createScript<number>(SEVEN);
    expect(await script.exec([], [])).toBe(7);
    const { backend, port } = redis;
    await redis.close();
    const bridge = await startBridge({ ...backend, token: "t" });
    expect((await fetch(`${bridge.url}/health`)).status).toBe(503);
    const restarted = await startRedisProcess(findRedisServer() ?? "", port);
    expect((await fetch(`${bridge.url}/health`)).status).toBe(200);
    expect(await clientOf(bridge).createScript<number>(SEVEN).exec([], [])).toBe(7);
    await restarted.close();
    expect(await postJson(bridge, "/", ["PING"])).toEqual(NO_ANSWER);
    const again = await startRedisProcess(findRedisServer() ?? "", port);
    expect(await clientOf(bridge).createScript<number>(SEVEN).exec([], [])).toBe(7);
    await bridge.close();
    await again.close();
  });

  it("is gone after close, its bridge too", async () => {
    const redis = await startRedis({ prefer: "real" });
    expect([redis.kind, redis.url]).toEqual([
      "redis-server",
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
    ]);
    await redis.close();
    await expect(fetch(`${redis.url}/health`)).rejects.toThrow();
    const bridge = await startBridge({ ...redis.backend, token: "t" });
    expect((await fetch(`${bridge.url}/health`)).status).toBe(503);
    await bridge.close();
  });

  it("ends with the process that started it, even one that is killed outright", async () => {
    const source = new URL("../../dev/redis.ts", import.meta.url).href;
    const program = `import { startRedis } from "${source}"; console.log((await startRedis({ prefer: "real" })).port);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const bridge = await startBridge({ ...connectTo(`redis://127.0.0.1:${Number(line)}`), token: "t" });
    const health = async () => (await fetch(`${bridge.url}/health`)).status;
    expect(await health()).toBe(200);
    parent.kill("SIGKILL");
    await expect.poll(health, { timeout: 5000 }).toBe(503);
    await bridge.close();
  });
});
