import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { clientOf, describeBackends, post, postJson } from "./backends.ts";

const ENDPOINTS = ["/", "/pipeline", "/multi-exec"];

describeBackends("the bridge over HTTP", {}, (of) => {
  it.each(ENDPOINTS)("refuses a wrong, missing or prefixed token on %s, whatever the body", async (path) => {
    for (const token of ["wrong", `${of.redis.token}x`, of.redis.token.slice(1), ""]) {
      const answer = await post({ url: of.redis.url, token }, path, "{not json");
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ error: "WRONGPASS invalid or missing auth token" });
    }
    expect((await fetch(of.redis.url + path, { method: "POST", body: "[]" })).status).toBe(401);
    expect(of.faults.requestCount).toBe(0);
  });

  it.each(ENDPOINTS)("answers 400 with a JSON error to a body it cannot take on %s", async (path) => {
    for (const body of ["", "{", "{}", '"PING"', "[[]]", "[[null]]", '[["SET","k",null]]', '[["GET",{}]]']) {
      const answer = await post(of.redis, path, body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(await answer.json()).toEqual({ error: expect.stringMatching(/^ERR /) });
    }
  });

  it("answers 400 to a body over 10 MB, announced or streamed, and takes 9 MB", async () => {
    const body = (size: number) => JSON.stringify(["SET", "big", "x".repeat(size)]);
    const tooLarge = { error: expect.stringContaining("max request size exceeded") };
    const announced = await post(of.redis, "/", body(11 << 20));
    expect([announced.status, await announced.json()]).toEqual([400, tooLarge]);
    const init = { method: "POST", headers: { authorization: `Bearer ${of.redis.token}` }, duplex: "half" };
    const streamed = await fetch(of.redis.url, { ...init, body: new Blob([body(11 << 20)]).stream() });
    expect([streamed.status, await streamed.json()]).toEqual([400, tooLarge]);
    expect((await post(of.redis, "/", body(9 << 20))).status).toBe(200);
    expect(await postJson(of.redis, "/", ["STRLEN", "big"])).toEqual({ result: 9 << 20 });
    expect(await clientOf(of.redis, 10_000).get("big")).toBe("x".repeat(9 << 20));
  });

  it("refuses keys and set members over 32 KB and takes one of exactly 32 KB", async () => {
    const limit = "k".repeat(32 * 1024);
    const error = { error: "ERR max key size exceeded. Limit: 32768 bytes, Actual: 32769 bytes" };
    const tooLong = [["GET"], ["MGET", "a"], ["SADD", "s"], ["EVAL", "return 1", "1"]].map((c) => [
      ...c,
      `${limit}k`,
    ]);
    expect(await postJson(of.redis, "/pipeline", tooLong)).toEqual(tooLong.map(() => error));
    expect(await postJson(of.redis, "/", ["SET", limit, `${limit}k`])).toEqual({ result: "OK" });
  });

  it("refuses commands that would block or take over the shared connection, and the neighbours run", async () => {
    const denied = ["blpop", "SUBSCRIBE", "MULTI", "SELECT", "CLIENT", "QUIT", "MONITOR"].map((name) => [
      name,
      "1",
      "0",
    ]);
    denied.push(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], ["SCRIPT", "DEBUG", "YES"]);
    denied.push(["XREADGROUP", "GROUP", "g", "STREAMS", "BLOCK", "0", "STREAMS", "s", ">"]);
    const answer = await postJson(of.redis, "/pipeline", [...denied, ["SET", "k", "v"], ["GET", "k"]]);
    const refusals = denied.map(() => ({ error: expect.stringContaining("is not available over REST") }));
    expect(answer).toEqual([...refusals, { result: "OK" }, { result: "v" }]);
    const transaction = await post(of.redis, "/multi-exec", [["SET", "k", "w"], ["DISCARD"]]);
    expect(transaction.status).toBe(400);
    expect(await postJson(of.redis, "/", ["GET", "k"])).toEqual({ result: "v" });
  });

  it("announces the length of every answer and a new sync token each time", async () => {
    const answers = [
      await post(of.redis, "/", ["PING"]),
      await post(of.redis, "/", ["PING"]),
      await post(of.redis, "/", "x"),
    ];
    for (const answer of answers) {
      expect(Number(answer.headers.get("content-length"))).toBe((await answer.arrayBuffer()).byteLength);
    }
    expect(new Set(answers.map((answer) => answer.headers.get("upstash-sync-token"))).size).toBe(3);
  });

  it("answers 404 and 405 in JSON off its endpoints", async () => {
    const elsewhere = await post(of.redis, "/subscribe/x", []);
    const get = await fetch(of.redis.url, { headers: { authorization: `Bearer ${of.redis.token}` } });
    expect([elsewhere.status, get.status]).toEqual([404, 405]);
    expect([await elsewhere.json(), await get.json()]).toEqual([
      { error: expect.any(String) },
      { error: expect.any(String) },
    ]);
  });

  it("keeps an idle connection open for 65 seconds", async () => {
    const socket = connect(of.redis.bridge.port, "127.0.0.1");
    socket.write("GET /health HTTP/1.1\r\nhost: bridge\r\n\r\n");
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(head.toString()).toMatch(/keep-alive: timeout=65/i);
  });

  it("answers an empty pipeline with an empty list", async () => {
    expect(await postJson(of.redis, "/pipeline", [])).toEqual([]);
    expect(await postJson(of.redis, "/multi-exec", [])).toEqual([]);
  });
});
