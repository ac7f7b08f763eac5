/** The bridge finds the master through Sentinels, and finds it again after a fail-over. */
import { afterEach, describe, expect, it } from "vitest";
import { connectTo } from "../../src/bridge/connect.ts";
import { connectThroughSentinel, readSentinels } from "../../src/bridge/sentinel.ts";
import { startBridge } from "../../src/bridge/serve.ts";
import { killAll, start } from "../cli/process.ts";
import { borrowPort } from "../dev/ports.ts";
import { BACKENDS, postJson } from "./backends.ts";
import { ask, type Server, startServer, text, until } from "./redis-servers.ts";

const SECRET = "redis-secret";
const SENTINEL_SECRET = "sentinel-secret";
const servers = new Set<Server>();
const keep = (server: Server) => {
  servers.add(server);
  return server;
};
afterEach(async () => {
  killAll();
  for (const server of servers) await server.kill();
  servers.clear();
});

async function startRedis(more: string[] = []): Promise<{ url: string; port: number; server: Server }> {
  const port = await borrowPort();
  const secrets = [`requirepass ${SECRET}`, `masterauth ${SECRET}`];
  const fast = ["repl-diskless-sync yes", "repl-diskless-sync-delay 0"];
  const server = keep(await startServer(() => [`port ${port}`, ...secrets, ...fast, ...more]));
  return { url: `redis://:${SECRET}@127.0.0.1:${port}`, port, server };
}

async function startSentinel(master: number): Promise<{ url: string; port: number }> {
  const port = await borrowPort();
  keep(
    await startServer(
      () => [
        `port ${port}`,
        `requirepass ${SENTINEL_SECRET}`,
        `sentinel monitor mymaster 127.0.0.1 ${master} 1`,
        `sentinel auth-pass mymaster ${SECRET}`,
        "sentinel down-after-milliseconds mymaster 500",
        "sentinel failover-timeout mymaster 5000",
      ],
      { sentinel: true },
    ),
  );
  return { url: `redis://:${SENTINEL_SECRET}@127.0.0.1:${port}`, port };
}

describe("the list of Sentinels", () => {
  it("is host:port,host:port, with 26379 where there is no port", () => {
    expect(readSentinels("a:1, b ,[::1]:3")).toEqual([
      { host: "a", port: 1 },
      { host: "b", port: 26379 },
      { host: "::1", port: 3 },
    ]);
  });

  it.each(["", "a:1,", "user:secret@a:1", "a b", "a:99999", "a/1"])("%j is refused", (list) => {
    expect(() => readSentinels(list)).toThrow(/^Sentinels are written host:port/);
  });
});

describe.runIf(BACKENDS.includes("real"))("Redis behind Sentinels", () => {
  it("is found again after its master was killed: no write goes to the old one, nothing is lost", async () => {
    const master = await startRedis();
    const replica = await startRedis([`replicaof 127.0.0.1 ${master.port}`]);
    await until("the replica follows", async () =>
      text(await ask(replica.url, ["INFO", "replication"])).includes("master_link_status:up"),
    );
    const sentinel = await startSentinel(master.port);
    await until("the Sentinel knows the replica", async () =>
      text(await ask(sentinel.url, ["SENTINEL", "REPLICAS", "mymaster"])).includes(
        `127.0.0.1:${replica.port}`,
      ),
    );
    const dead = await borrowPort();
    const command = start(
      ["redis-bridge", "--port", "0", "--sentinel", `127.0.0.1:${dead},127.0.0.1:${sentinel.port}`].concat([
        "--sentinel-name",
        "mymaster",
        "--redis",
        `redis://:${SECRET}@unused`,
      ]),
      { env: { BRIDGE_TOKEN: "t", SENTINEL_PASSWORD: SENTINEL_SECRET } },
    );
    const bridge = { url: `http://127.0.0.1:${await command.port}`, token: "t" };
    expect(await postJson(bridge, "/", ["SET", "before", "1"])).toEqual({ result: "OK" });
    await until("the replica has it", async () => text(await ask(replica.url, ["GET", "before"])) === "1");

    servers.delete(master.server);
    await master.server.kill();
    const failures: unknown[] = [];
    await until("a write is taken again", async () => {
      const answer = await postJson(bridge, "/", ["SET", "after", "2"]);
      if (JSON.stringify(answer) === '{"result":"OK"}') return true;
      failures.push(answer);
      return false;
    });
    expect(await postJson(bridge, "/", ["MGET", "before", "after"])).toEqual({ result: ["1", "2"] });
    expect(text(await ask(replica.url, ["GET", "after"]))).toBe("2");
    // Meanwhile nothing was said to be done that was not.
    expect(failures).toEqual(failures.map(() => ({ error: expect.stringMatching(/no answer|READONLY/) })));
    expect(await command.stop()).toBe(0);
  }, 40_000);

  it("is not written to while Sentinel still names one that is a replica by now", async () => {
    const master = await startRedis();
    const demoted = await startRedis([`replicaof 127.0.0.1 ${master.port}`]);
    const sentinel = await startSentinel(master.port);
    const lying = { ...connectTo(demoted.url), ...roleOf(sentinel.port) };
    const bridge = await startBridge({ ...lying, connect: connectTo(demoted.url).connect, token: "t" });
    const error = expect.stringContaining("named a Redis that is not the master");
    expect(await postJson(bridge, "/", ["GET", "k"])).toEqual({ error });
    await bridge.close();
  });

  it("says which Sentinel said what when none knows the master, without its password", async () => {
    const master = await startRedis();
    const sentinel = await startSentinel(master.port);
    const sentinels = readSentinels(`127.0.0.1:1,127.0.0.1:${sentinel.port}`);
    const ask = { sentinels, redisUrl: master.url };
    const other = await startBridge({
      ...connectThroughSentinel({ ...ask, name: "other", password: SENTINEL_SECRET }),
      token: "t",
    });
    const wrong = await startBridge({
      ...connectThroughSentinel({ ...ask, name: "mymaster", password: "wrong-secret" }),
      token: "t",
    });
    const answers = [await postJson(other, "/", ["PING"]), await postJson(wrong, "/", ["PING"])];
    const failed = `no Sentinel named the master`;
    expect(answers).toEqual([
      { error: expect.stringMatching(new RegExp(`${failed} "other" .*ECONNREFUSED.*does not know it`)) },
      { error: expect.stringMatching(new RegExp(`${failed} "mymaster" .*WRONGPASS`)) },
    ]);
    expect(JSON.stringify(answers)).not.toContain("secret");
    await other.close();
    await wrong.close();
  });
});

describe.runIf(BACKENDS.includes("real"))("a master that becomes a replica under an open connection", () => {
  it("is left after its first refusal, and the refusal is the answer", async () => {
    const first = await startRedis();
    const second = await startRedis();
    let url = first.url;
    const { greeting = [] } = connectTo(url);
    const bridge = await startBridge({ connect: () => connectTo(url).connect(), greeting, token: "t" });
    expect(await postJson(bridge, "/", ["SET", "k", "1"])).toEqual({ result: "OK" });
    await ask(first.url, ["REPLICAOF", "127.0.0.1", String(second.port)]);
    url = second.url;
    const refused = await postJson(bridge, "/pipeline", [
      ["SET", "k", "2"],
      ["ECHO", "neighbour"],
    ]);
    expect(refused).toEqual([{ error: expect.stringContaining("READONLY") }, { result: "neighbour" }]);
    expect(await postJson(bridge, "/", ["SET", "k", "3"])).toEqual({ result: "OK" });
    expect(text(await ask(second.url, ["GET", "k"]))).toBe("3");
    await bridge.close();
  });
});

/** Greeting and judgement of a connection through this Sentinel. */
function roleOf(port: number) {
  const { greeting = [], judge } = connectThroughSentinel({
    sentinels: [{ host: "127.0.0.1", port }],
    name: "mymaster",
    redisUrl: `redis://:${SECRET}@unused`,
  });
  return judge === undefined ? { greeting } : { greeting, judge };
}
