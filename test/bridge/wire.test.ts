import { expect, it } from "vitest";
import { clientOf, describeBackends, post, postJson } from "./backends.ts";

const BASE64 = { "upstash-encoding": "base64" };
const encoded = (text: string) => Buffer.from(text).toString("base64");
const NESTED = "return {redis.status_reply('OK'), 'bulk', 7, {'deep', {'deeper', false}}}";

describeBackends("the bridge on the wire", {}, (of) => {
  it("encodes bulk and status strings at every depth when asked, and no integers or nulls", async () => {
    const answer = await postJson(of.redis, "/", ["EVAL", NESTED, "0"], BASE64);
    const deep = [encoded("deep"), [encoded("deeper"), null]];
    expect(answer).toEqual({ result: [encoded("OK"), encoded("bulk"), 7, deep] });
  });

  it("leaves every string plain when base64 is not asked for", async () => {
    const answer = await postJson(of.redis, "/", ["EVAL", NESTED, "0"]);
    expect(answer).toEqual({ result: ["OK", "bulk", 7, ["deep", ["deeper", null]]] });
  });

  it("never encodes errors", async () => {
    await postJson(of.redis, "/", ["SET", "text", "abc"]);
    const answer = await postJson(of.redis, "/pipeline", [["INCR", "text"]], BASE64);
    expect(answer).toEqual([{ error: "ERR value is not an integer or out of range" }]);
  });

  it("gives the client back every value it wrote, the ones that look like base64 and JSON included", async () => {
    const client = clientOf(of.redis);
    for (const value of ["abcd", "OK", "null", "007", '"x"', "", "é€😀\r\n$5\r\n", "9007199254740993"]) {
      await client.set("value", value);
      expect(await client.get("value")).toBe(value);
    }
  });

  it("gives a nested OK, a PONG and a hash back unharmed", async () => {
    const client = clientOf(of.redis);
    expect(await client.eval(NESTED, [], [])).toEqual(["OK", "bulk", 7, ["deep", ["deeper", null]]]);
    expect(await client.ping()).toBe("PONG");
    await client.hset("hash", { a: "1", b: "abcd" });
    expect(await client.hgetall("hash")).toEqual(["a", "1", "b", "abcd"]);
  });

  it("answers nil as null, with 200, on every endpoint", async () => {
    expect(await postJson(of.redis, "/", ["GET", "none"])).toEqual({ result: null });
    const slots = [{ result: null }, { result: [null] }];
    expect(
      await postJson(of.redis, "/pipeline", [
        ["GET", "none"],
        ["MGET", "none"],
      ]),
    ).toEqual(slots);
    expect(
      await postJson(of.redis, "/multi-exec", [
        ["GET", "none"],
        ["MGET", "none"],
      ]),
    ).toEqual(slots);
    expect(await clientOf(of.redis).get("none")).toBeNull();
  });

  it("writes integers beyond 2^53 digit by digit", async () => {
    await postJson(of.redis, "/", ["SET", "n", "9007199254740992"]);
    expect(await (await post(of.redis, "/", ["INCR", "n"])).text()).toBe('{"result":9007199254740993}');
  });

  it("answers Lua nil, false, true, floats and holes as Redis does", async () => {
    const commands = ["nil", "false", "true", "3.99", "{1,nil,3}"].map((value) => [
      "EVAL",
      `return ${value}`,
      "0",
    ]);
    const results = [null, null, 1, 3, [1]].map((result) => ({ result }));
    expect(await postJson(of.redis, "/pipeline", commands)).toEqual(results);
  });

  it("reports a failed command inline in a pipeline and as 400 alone", async () => {
    const pipeline = await post(of.redis, "/pipeline", [
      ["SET", "k", "v"],
      ["LPUSH", "k", "x"],
      ["GET", "k"],
    ]);
    const wrongType = { error: "WRONGTYPE Operation against a key holding the wrong kind of value" };
    expect(pipeline.status).toBe(200);
    expect(await pipeline.json()).toEqual([{ result: "OK" }, wrongType, { result: "v" }]);
    const alone = await post(of.redis, "/", ["LPUSH", "k", "x"]);
    expect([alone.status, await alone.json()]).toEqual([400, wrongType]);
  });

  it("discards the whole transaction when one command of it cannot be queued", async () => {
    const answer = await post(of.redis, "/multi-exec", [["SET", "k", "v"], ["NOSUCHCOMMAND"]]);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringMatching(/^EXECABORT /) });
    expect(await postJson(of.redis, "/", ["EXISTS", "k"])).toEqual({ result: 0 });
  });

  it("runs a transaction with nothing in between, even among concurrent ones", async () => {
    const step = [
      ["INCR", "n"],
      ["INCR", "n"],
      ["INCR", "n"],
    ];
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => postJson(of.redis, "/multi-exec", step)),
    );
    for (const answer of answers as { result: number }[][]) {
      const first = answer[0]?.result ?? 0;
      expect(answer).toEqual([{ result: first }, { result: first + 1 }, { result: first + 2 }]);
    }
  });

  it("does not let a BigInt argument disturb the callers around it", async () => {
    const client = clientOf(of.redis);
    const bad = async () => client.set("bad", 1n as unknown as string);
    const results = await Promise.allSettled([
      client.set("a", "1"),
      bad(),
      client.incr("n"),
      client.get("none"),
    ]);
    const values = results.map((result) => (result.status === "fulfilled" ? result.value : "rejected"));
    expect(values).toEqual(["OK", "rejected", 1, null]);
    expect(await client.get("a")).toBe("1");
  });
});
