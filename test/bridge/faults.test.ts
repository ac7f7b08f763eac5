import { expect, it } from "vitest";
import { createFaults, type Fault } from "../../dev/faults.ts";
import { startBridge } from "../../src/bridge/serve.ts";
import { clientOf, describeBackends, post, postJson } from "./backends.ts";

describeBackends("faults", {}, (of) => {
  it("hang makes the client throw within its timeout, and nothing happened", async () => {
    of.faults.set("hang", { times: 1 });
    await expect(clientOf(of.redis, 100).set("k", "v")).rejects.toThrow(/abort|timeout/i);
    expect(await clientOf(of.redis).get("k")).toBeNull();
  });

  it.each<[Fault, string | null]>([
    ["drop-before", null],
    ["drop-after", "v"],
    ["hang", null],
    ["hang-after", "v"],
    ["error-500", null],
    ["error-429", null],
    ["error-401", null],
    ["html", null],
    ["not-json", null],
  ])("%s makes the client throw and leaves %j behind, in one request", async (fault, left) => {
    of.faults.set(fault, { times: 1 });
    await expect(clientOf(of.redis, 200).set("k", "v")).rejects.toThrow();
    expect(of.faults.requestCount).toBe(1);
    expect(await clientOf(of.redis).get("k")).toBe(left);
  });

  it("drop-after on a claim leaves the claim with its owner, who can see that it is his", async () => {
    const claim = () => clientOf(of.redis).set("claim", "owner-1", { nx: true, ex: 60 });
    of.faults.set("drop-after", { times: 1 });
    await expect(claim()).rejects.toThrow();
    expect(await claim()).toBeNull();
    expect(await clientOf(of.redis).get("claim")).toBe("owner-1");
  });

  it("what a call that is disowned still asks is done, but neither counted nor broken; another call is", async () => {
    const [earlier, own] = [crypto.randomUUID(), crypto.randomUUID()];
    await clientOf(of.redis).set("claim", earlier);
    of.faults.disown();
    of.faults.resetCounters();
    of.faults.set("error-500");
    await clientOf(of.redis).set("late", earlier);
    await expect(clientOf(of.redis).set("late", own)).rejects.toThrow();
    of.faults.clear();
    expect(of.faults.requestCount).toBe(1);
    expect(await clientOf(of.redis).get("late")).toBe(earlier);
  });

  it("short-array takes the last slot away, after everything ran", async () => {
    of.faults.set("short-array", { times: 1 });
    expect(
      await postJson(of.redis, "/pipeline", [
        ["SET", "a", "1"],
        ["INCR", "a"],
      ]),
    ).toEqual([{ result: "OK" }]);
    expect(await postJson(of.redis, "/", ["GET", "a"])).toEqual({ result: "2" });
  });

  it("hit only the requests they are meant for, and end with clear", async () => {
    of.faults.set("error-500", { when: ({ commands }) => commands[0]?.[0] === "GET" });
    const statuses = async () =>
      [await post(of.redis, "/", ["PING"]), await post(of.redis, "/", ["GET", "k"])].map((r) => r.status);
    expect(await statuses()).toEqual([200, 500]);
    of.faults.clear();
    expect(await statuses()).toEqual([200, 200]);
  });

  it("latency holds back a request by at least the time told", async () => {
    of.faults.setLatency(30);
    const started = performance.now();
    await post(of.redis, "/", ["PING"]);
    // Timers may fire up to a millisecond early.
    expect(performance.now() - started).toBeGreaterThanOrEqual(29);
  });

  it("counters tell HTTP requests, commands and their contents", async () => {
    const client = clientOf(of.redis);
    await client.pipeline().set("a", "1").incr("n").exec();
    await client.get("a");
    expect([of.faults.requestCount, of.faults.commandCount]).toEqual([2, 3]);
    const first = {
      endpoint: "/pipeline",
      commands: [
        ["set", "a", "1"],
        ["incr", "n"],
      ],
    };
    expect(of.faults.requests).toEqual([first, { endpoint: "/", commands: [["get", "a"]] }]);
  });

  it("do not keep the bridge from closing while a request hangs", async () => {
    const faults = createFaults();
    const bridge = await startBridge({ ...of.redis.backend, token: "t", intercept: faults.intercept });
    faults.set("hang");
    const hanging = post(bridge, "/", ["PING"]).then(
      () => "answered",
      () => "cut",
    );
    await expect.poll(() => faults.requestCount).toBe(1);
    await bridge.close();
    expect(await hanging).toBe("cut");
  });

  it("let a running request finish when the bridge closes with a time of grace", async () => {
    const faults = createFaults();
    const bridge = await startBridge({ ...of.redis.backend, token: "t", intercept: faults.intercept });
    faults.setLatency(100);
    const running = postJson(bridge, "/", ["PING"]);
    await expect.poll(() => faults.requestCount).toBe(1);
    const started = performance.now();
    await bridge.close(20_000);
    expect(await running).toEqual({ result: "PONG" });
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it("of one bridge do not touch a second one in front of the same data", async () => {
    const bridge = await startBridge({ ...of.redis.backend, token: "t" });
    of.faults.set("error-500");
    expect(await postJson(bridge, "/", ["SET", "k", "v"])).toEqual({ result: "OK" });
    of.faults.clear();
    expect(await postJson(of.redis, "/", ["GET", "k"])).toEqual({ result: "v" });
    await bridge.close();
  });

  it("health is 200 with a living Redis and needs no token", async () => {
    const answer = await fetch(`${of.redis.url}/health`);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  });
});
