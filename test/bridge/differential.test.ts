import { asyncProperty, constantFrom, array as fcArray, assert as fcAssert, oneof, tuple } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { BACKENDS, postJson } from "./backends.ts";
import { type Commands, GROUPS, LUA_COMMANDS } from "./differential-commands.ts";

describe.runIf(BACKENDS.includes("real"))("the embedded Redis answers like the real one", () => {
  const running: RunningRedis[] = [];
  beforeAll(async () => {
    running.push(await startRedis({ prefer: "real" }), await startRedis({ prefer: "embedded" }));
  });
  afterAll(async () => {
    for (const redis of running) await redis.close();
  });
  const ask = async (path: string, commands: Commands) => {
    const answers: unknown[] = [];
    for (const redis of running) {
      await postJson(redis, "/pipeline", [["FLUSHALL"], ["SCRIPT", "FLUSH"]]);
      const answer = await postJson(redis, path, commands, { "upstash-encoding": "base64" });
      answers.push(
        Array.isArray(answer) ? answer.map((slot, index) => ({ command: commands[index], slot })) : answer,
      );
    }
    return answers;
  };

  for (const [name, commands] of Object.entries({ ...GROUPS, lua: LUA_COMMANDS })) {
    it.each(["/pipeline", "/multi-exec"])(`for ${name} on %s`, async (path) => {
      const [real, embedded] = await ask(path, commands);
      expect(embedded).toEqual(real);
    });
  }

  it("for random sequences of commands on few keys", async () => {
    const key = constantFrom("k", "l");
    const value = constantFrom("1", "-2", "x", "0.5");
    const command = oneof(
      tuple(
        constantFrom("get", "del", "incr", "ttl", "type", "hgetall", "zcard", "lpop", "getdel", "persist"),
        key,
      ),
      tuple(constantFrom("set", "append", "incrby", "lpush", "sadd", "hget", "zscore", "hdel"), key, value),
      tuple(constantFrom("expire"), key, constantFrom("100", "-1")),
      tuple(constantFrom("set"), key, value, constantFrom("nx", "xx", "get", "keepttl")),
      tuple(constantFrom("hset", "hsetnx", "hincrby", "zadd", "zincrby", "set"), key, value, value),
    );
    const property = asyncProperty(fcArray(command, { minLength: 5, maxLength: 30 }), async (commands) => {
      const [real, embedded] = await ask("/pipeline", commands);
      expect(embedded).toEqual(real);
    });
    await fcAssert(property, { numRuns: 200, seed: 402 });
  });
});
