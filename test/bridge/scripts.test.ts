import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { toRedisScript } from "../../src/bridge/scripts.ts";
import { clientOf, describeBackends, post, postJson } from "./backends.ts";

const COUNT = "#!lua flags=allow-key-locking\nreturn redis.call('INCR', KEYS[1])";
const sha = (script: string) => createHash("sha1").update(script).digest("hex");
const NOSCRIPT = { error: "NOSCRIPT No matching script. Please use EVAL." };

describe("the script as Redis takes it", () => {
  it.each([
    ["#!lua flags=allow-key-locking\nreturn 1", "\nreturn 1"],
    ["#!lua flags=allow-key-locking\r\nreturn 1", "\nreturn 1"],
    ["#!lua  flags=allow-key-locking ", "\n"],
    ["#!lua flags=no-writes,allow-key-locking\nreturn 1", "#!lua flags=no-writes\nreturn 1"],
    ["#!lua\nreturn 1", "\nreturn 1"],
    ["return '#!lua flags=allow-key-locking'", "return '#!lua flags=allow-key-locking'"],
    ["\n#!lua flags=allow-key-locking", "\n#!lua flags=allow-key-locking"],
  ])("%j becomes %j", (script, text) => {
    expect(toRedisScript(script, false)).toBe(text);
  });

  it("has as many lines in strict mode", () => {
    for (const script of [COUNT, "return 1", "#!lua flags=no-writes\nreturn 1\n"]) {
      expect(toRedisScript(script, true).split("\n")).toHaveLength(script.split("\n").length);
    }
  });
});

for (const strict of [false, true]) {
  describeBackends(`scripts with allow-key-locking, strict ${strict}`, { strict }, (of) => {
    it("run by EVAL on every endpoint", async () => {
      const command = ["EVAL", COUNT, "1", "n"];
      expect(await postJson(of.redis, "/", command)).toEqual({ result: 1 });
      expect(await postJson(of.redis, "/pipeline", [command])).toEqual([{ result: 2 }]);
      expect(await postJson(of.redis, "/multi-exec", [command])).toEqual([{ result: 3 }]);
    });

    it("run by the SHA of the caller's text once seen, in any case, on every endpoint", async () => {
      await postJson(of.redis, "/", ["EVAL", COUNT, "1", "n"]);
      const command = ["evalsha", sha(COUNT).toUpperCase(), "1", "n"];
      expect(await postJson(of.redis, "/", command)).toEqual({ result: 2 });
      expect(await postJson(of.redis, "/pipeline", [command])).toEqual([{ result: 3 }]);
      expect(await postJson(of.redis, "/multi-exec", [command])).toEqual([{ result: 4 }]);
    });

    it("answer SCRIPT LOAD with the SHA of the caller's text and are found by it", async () => {
      const steps = [
        ["SCRIPT", "LOAD", COUNT],
        ["SCRIPT", "EXISTS", sha(COUNT), sha("no such script")],
        ["EVALSHA", sha(COUNT), "1", "n"],
      ];
      const results = [{ result: sha(COUNT) }, { result: [1, 0] }, { result: 1 }];
      expect(await postJson(of.redis, "/multi-exec", steps)).toEqual(results);
      expect(await postJson(of.redis, "/pipeline", steps.slice(0, 2))).toEqual(results.slice(0, 2));
    });

    it("report that they do not compile, as Redis does", async () => {
      const answer = await post(of.redis, "/", ["EVAL", "#!lua flags=allow-key-locking\nreturn )", "0"]);
      expect([answer.status, await answer.json()]).toEqual([
        400,
        { error: expect.stringMatching(/user_script:2: unexpected symbol near/) },
      ]);
    });

    it("run read-only by EVAL_RO and EVALSHA_RO, which refuse writes", async () => {
      const read = "#!lua flags=allow-key-locking\nreturn redis.call('GET', KEYS[1])";
      const steps = [
        ["SET", "k", "v"],
        ["EVAL_RO", read, "1", "k"],
        ["EVALSHA_RO", sha(read), "1", "k"],
        ["EVAL_RO", COUNT, "1", "n"],
      ];
      const refusal = {
        error: expect.stringContaining("Write commands are not allowed from read-only scripts"),
      };
      expect(await postJson(of.redis, "/pipeline", steps)).toEqual([
        { result: "OK" },
        { result: "v" },
        { result: "v" },
        refusal,
      ]);
    });

    it("that are unknown fail alone in a pipeline, so that the caller can fall back to EVAL", async () => {
      const steps = [
        ["SET", "a", "1"],
        ["EVALSHA", sha("return 0"), "0"],
        ["GET", "a"],
      ];
      expect(await postJson(of.redis, "/pipeline", steps)).toEqual([
        { result: "OK" },
        NOSCRIPT,
        { result: "1" },
      ]);
    });

    it("lost by Redis answer NOSCRIPT and come back with EVAL", async () => {
      const bySha = ["EVALSHA", sha(COUNT), "1", "n"];
      await postJson(of.redis, "/", ["EVAL", COUNT, "1", "n"]);
      of.faults.set("forget-scripts", { times: 1 });
      expect(await postJson(of.redis, "/pipeline", [bySha])).toEqual([NOSCRIPT]);
      const again = [["EVAL", COUNT, "1", "n"], bySha];
      expect(await postJson(of.redis, "/pipeline", again)).toEqual([{ result: 2 }, { result: 3 }]);
    });

    it("run through the client, which falls back to EVAL by itself, in one request once warm", async () => {
      const script = clientOf(of.redis).createScript<number>(COUNT);
      expect(await script.exec(["n"], [])).toBe(1);
      of.faults.resetCounters();
      expect(await script.exec(["n"], [])).toBe(2);
      expect(of.faults.requestCount).toBe(1);
    });

    it("report errors with the line numbers of the caller's text", async () => {
      const script = "#!lua flags=allow-key-locking\nlocal x\nreturn x.y";
      expect(await postJson(of.redis, "/", ["EVAL", script, "0"])).toEqual({
        error: expect.stringContaining("user_script:3:"),
      });
    });
  });
}

describeBackends("scripts in strict mode", { strict: true }, (of) => {
  it.each(["call", "pcall"])("fail on an undeclared key through redis.%s and change nothing", async (how) => {
    const script = `return redis.${how}('SET', 'other', '1')`;
    const answer = await postJson(of.redis, "/", ["EVAL", script, "1", "declared"]);
    expect(answer).toEqual({ error: expect.stringContaining("undeclared key in script: other") });
    expect(await postJson(of.redis, "/", ["EXISTS", "other"])).toEqual({ result: 0 });
  });

  it("may use declared keys, commands without keys and the rest of redis.*", async () => {
    const script = `redis.call('MSET', KEYS[1], ARGV[1], KEYS[2], 2)
      return {redis.call('MGET', KEYS[2], KEYS[1]), type(redis.call('TIME')[1]), redis.sha1hex('a'), #KEYS}`;
    const answer = await postJson(of.redis, "/", ["EVAL", script, "2", "a", "b", "x"]);
    expect(answer).toEqual({ result: [["2", "x"], "string", sha("a"), 2] });
  });
});
