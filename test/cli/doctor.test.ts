/** What `tollbooth doctor` finds, each thing in front of the real store, with one part of it broken. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import type { Answer, BridgeRequest } from "../../src/bridge/intercept.ts";
import { createRespClient } from "../../src/bridge/resp.ts";
import { type Bridge, startBridge } from "../../src/bridge/serve.ts";
import { diagnose } from "../../src/cli/doctor.ts";
import { load } from "../../src/config/load.ts";
import { counterSeries, histogramSeries } from "../../src/core/series.ts";
import { postJson } from "../bridge/backends.ts";

const WALLET = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const faults = createFaults();
/** Rewrites what Redis answers to one command. */
let lie: { command: string; tell: (answer: Answer) => Answer } | undefined;
let redis: RunningRedis;
let bridge: Bridge;
let others: Awaited<ReturnType<typeof startOthers>>;

beforeAll(async () => {
  redis = await startRedis({ prefer: "real", strict: true });
  const intercept = (request: BridgeRequest, next: () => Promise<Answer>) =>
    faults.intercept(request, async () => {
      const answer = await next();
      return request.commands[0]?.[0]?.toUpperCase() === lie?.command
        ? (lie?.tell(answer) ?? answer)
        : answer;
    });
  bridge = await startBridge({ ...redis.backend, token: redis.token, strict: true, intercept });
  others = await startOthers();
});
beforeEach(async () => {
  faults.clear();
  lie = undefined;
  others.supported = {
    status: 200,
    body: JSON.stringify({ kinds: [{ scheme: "exact", network: "eip155:8453" }] }),
  };
  others.upstreamStatus = 200;
  await postJson(redis, "/", ["FLUSHALL"]);
});
afterAll(async () => {
  await others?.close();
  await bridge?.close();
  await redis?.close();
});

/** A facilitator's list under /supported, and an upstream everywhere else. */
async function startOthers() {
  const state = { url: "", supported: { status: 200, body: "" }, upstreamStatus: 200, close: async () => {} };
  const server = createServer(({ url }, response) => {
    if (url !== "/supported") return response.writeHead(state.upstreamStatus).end();
    return response.writeHead(state.supported.status).end(state.supported.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.close = () => new Promise((resolve) => void server.close(() => resolve()));
  return state;
}

function config(changes: Record<string, unknown> = {}) {
  return {
    gateway: { timeouts: { redis: 0.5, facilitator: 0.5, upstream: 0.5 } },
    wallets: { base: WALLET },
    accepts: [{ asset: "USDC", network: "base" }],
    facilitator: others.url,
    upstreams: { api: { url: others.url } },
    routes: { "GET /weather": { upstream: "api", price: "$0.01" } },
    stores: { redis: { url: bridge.url, token: bridge.token, prefix: "shop" } },
    ...changes,
  };
}

async function findings(changes: Record<string, unknown> = {}) {
  return diagnose(await load(() => config(changes), {}));
}

/** What is not ok, in short. */
async function troubles(changes: Record<string, unknown> = {}) {
  const found = (await findings(changes)).filter(({ status }) => status !== "ok");
  for (const { hint } of found) expect(hint).toBeTruthy();
  return found.map(({ status, check, detail }) => [status, check, detail]);
}

const store = (members: Record<string, unknown>) => ({
  stores: { redis: { url: bridge.url, token: bridge.token, prefix: "shop", ...members } },
});

describe("a store that is well", () => {
  it("has every check ok, and nothing is left behind in it", async () => {
    const found = await findings();
    expect(found.map(({ status, check }) => `${status} ${check}`)).toEqual([
      "ok transport",
      "ok reachable",
      "ok auth",
      "ok latency",
      "ok eviction",
      "ok scripts",
      "ok clock",
      "ok traffic",
      "ok reachable",
      "ok exact on eip155:8453",
      "ok reachable",
    ]);
    expect(found.find(({ check }) => check === "latency")?.detail).toMatch(/^\d+\.\d ms, median of 10/);
    expect(await postJson(redis, "/", ["DBSIZE"])).toEqual({ result: 0 });
  });

  it("keeps what was in it", async () => {
    await postJson(redis, "/", ["SET", "shop:verify:a", "1"]);
    await findings();
    expect(await postJson(redis, "/", ["KEYS", "*"])).toEqual({ result: ["shop:verify:a"] });
  });

  it("is asked once for all the stores that are in it, and each other one by itself", async () => {
    const { stores } = store({});
    const found = await findings({ stores: { ...stores, rateLimit: { redis: { prefix: "limits" } } } });
    const targets = new Set(found.map(({ target }) => target).filter((target) => target.startsWith("store")));
    expect([...targets].sort()).toEqual([`store ${bridge.url} (limits)`, `store ${bridge.url} (shop)`]);
  });
});

describe("a store that is not", () => {
  it("a wrong token is no unreachable store, and nothing more is asked with it", async () => {
    expect(await troubles(store({ token: "wrong" }))).toEqual([
      ["fail", "auth", "the token is not accepted (401)"],
    ]);
  });

  it("nobody there", async () => {
    const [trouble, ...rest] = await troubles(store({ url: "http://127.0.0.1:9" }));
    expect(rest).toEqual([]);
    expect(trouble).toEqual(["fail", "reachable", expect.stringMatching(/ECONNREFUSED|bad port/)]);
  });

  it.each([
    ["hang", "no answer within 500 ms"],
    ["error-500", "PING was answered 500: ERR internal error"],
    ["html", "PING was answered 502: no reply of a Redis REST API"],
    ["not-json", "PING was answered 200: no reply of a Redis REST API"],
  ] as const)("%s", async (fault, detail) => {
    faults.set(fault);
    expect(await troubles()).toEqual([["fail", "reachable", detail]]);
  });

  it("far away", async () => {
    faults.setLatency(120);
    expect((await troubles()).map(([status, check]) => [status, check])).toEqual([["warn", "latency"]]);
  });

  it("evicting: the warning says what an evicted payment costs", async () => {
    const direct = createRespClient(redis.backend, 1000);
    onTestFinished(async () => {
      await direct.send([["CONFIG", "SET", "maxmemory-policy", "noeviction"]]);
      direct.close();
    });
    await direct.send([["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]]);
    const found = (await findings()).find(({ check }) => check === "eviction");
    expect(found).toMatchObject({ status: "warn", detail: expect.stringContaining("allkeys-lru") });
    expect(found?.hint).toContain("could be presented again");
  });

  it("does not tell its eviction policy", async () => {
    lie = { command: "INFO", tell: () => ({ status: 400, body: '{"error":"ERR not available"}' }) };
    expect(await troubles()).toEqual([
      ["warn", "eviction", "unknown: the service does not tell its maxmemory-policy"],
    ]);
  });

  it("failed often lately, as the gateways have seen it", async () => {
    const today = `shop:stats:day:${new Date().toISOString().slice(0, 10)}`;
    const ended = (outcome: string) => counterSeries("redis_requests_total", { outcome });
    const within = (bound: string) => histogramSeries("redis_request_duration_seconds", {}, bound);
    const counts = { [ended("ok")]: 97, [ended("timeout")]: 3, [within("0.005")]: 97, [within("2")]: 3 };
    await postJson(redis, "/", ["HSET", today, ...Object.entries(counts).flat().map(String)]);
    expect(await troubles()).toEqual([
      [
        "warn",
        "traffic",
        "100 requests since yesterday, 0 failed, 3 timed out (3.00 %); half within 5 ms, 99 % within 2000 ms",
      ],
    ]);
  });

  it("runs no scripts, as with a token that may only read", async () => {
    lie = { command: "EVAL", tell: () => ({ status: 200, body: '[{"error":"NOPERM no permission"}]' }) };
    expect(await troubles()).toEqual([["fail", "scripts", expect.stringContaining("NOPERM")]]);
    expect(await postJson(redis, "/", ["DBSIZE"])).toEqual({ result: 0 });
  });

  it.each([
    [20, []],
    [60, [["warn", "clock", "the store is 60 s ahead of here"]]],
    [-60, [["warn", "clock", "the store is 60 s behind here"]]],
    [200, [["fail", "clock", "the store is 200 s ahead of here"]]],
  ])("a clock that is %i s off", async (seconds, expected) => {
    const body = () => JSON.stringify({ result: [String(Math.round(Date.now() / 1000) + seconds), "0"] });
    // Rounded to whole seconds: compared with half a second to spare.
    lie = { command: "TIME", tell: () => ({ status: 200, body: body() }) };
    const found = (await troubles()).map(([status, check, detail]) => [
      status,
      check,
      detail?.replace(/\d+/, (n) => String(Math.round(Number(n) / 10) * 10)),
    ]);
    expect(found).toEqual(expected);
  });
});

describe("the facilitator", () => {
  it("does not list the network: a warning", async () => {
    others.supported.body = JSON.stringify({
      kinds: [{ scheme: "upto", network: "eip155:8453" }, { scheme: "exact", network: "eip155:84532" }, null],
    });
    expect(await troubles()).toEqual([["warn", "exact on eip155:8453", "not listed by /supported"]]);
  });

  it("lists a whole namespace", async () => {
    others.supported.body = JSON.stringify({ kinds: [{ scheme: "exact", network: "eip155:*" }] });
    expect(await troubles()).toEqual([]);
  });

  it.each([
    [404, "", "warn", "answers 404, without a list of kinds"],
    [200, "<html>", "warn", "answers 200, without a list of kinds"],
    [503, "", "fail", "answers 503"],
  ])("answers %i %j", async (status, body, verdict, detail) => {
    others.supported = { status, body };
    expect(await troubles()).toEqual([[verdict, "reachable", detail]]);
  });

  it("nobody there", async () => {
    const [trouble] = await troubles({ facilitator: "http://127.0.0.1:9" });
    expect(trouble?.slice(0, 2)).toEqual(["fail", "reachable"]);
  });

  it("is not asked when every route is free", async () => {
    const found = await findings({ routes: { "GET /free": { upstream: "api", price: "$0" } } });
    expect(found.filter(({ target }) => target.startsWith("facilitator"))).toEqual([]);
  });
});

describe("an upstream", () => {
  it("answers at all, whatever it says", async () => {
    others.upstreamStatus = 500;
    expect(await troubles()).toEqual([]);
  });

  it("does not answer", async () => {
    const [trouble, ...rest] = await troubles({ upstreams: { api: { url: "http://127.0.0.1:9" } } });
    expect(rest).toEqual([]);
    expect(trouble?.slice(0, 2)).toEqual(["fail", "reachable"]);
  });
});

describe("tollbooth doctor", () => {
  async function run(token: string, ...args: string[]) {
    const folder = await mkdtemp(join(tmpdir(), "tollbooth-doctor-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "shop.config.ts");
    const text = JSON.stringify(config(store({ token: "${SHOP_TOKEN}" })));
    await writeFile(file, `export default () => (${text});\n`);
    const env = { ...process.env, SHOP_TOKEN: token };
    return new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, ["dev/main.ts", "doctor", "-c", file, ...args], { env }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), output: out + err }),
      );
    });
  }

  it("prints a line per check and exits 0 when all is well, without a secret", async () => {
    const { code, output } = await run(bridge.token);
    expect(output).toContain(`ok    store ${bridge.url} (shop)  auth: the token is accepted`);
    expect(output.trim().split("\n").at(-1)).toBe("11 ok, 0 warn, 0 fail");
    expect(code).toBe(0);
    expect(output).not.toContain(bridge.token);
  });

  it("exits 1 on a failed check, with a hint under it", async () => {
    const { code, output } = await run("wrong-token");
    expect(output).toMatch(
      /^fail {2}store .* auth: the token is not accepted \(401\)\n {6}→ copy the REST token/m,
    );
    expect(output).not.toContain("wrong-token");
    expect(code).toBe(1);
  });

  it("--json is for machines", async () => {
    const { code, output } = await run("wrong-token", "--json");
    const report = JSON.parse(output);
    expect(report.healthy).toBe(false);
    expect(report.checks).toContainEqual({
      target: `store ${bridge.url} (shop)`,
      check: "auth",
      status: "fail",
      detail: "the token is not accepted (401)",
      hint: expect.any(String),
    });
    expect(code).toBe(1);
  });

  it("a configuration with faults is told as validate tells it, and exits 1", async () => {
    const { code, output } = await run("");
    expect(output).toContain("stores.redis.token: the variable SHOP_TOKEN is not set");
    expect(code).toBe(1);
  });
});
