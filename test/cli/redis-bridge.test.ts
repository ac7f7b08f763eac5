/** `tollbooth redis-bridge` as a terminal sees it, in front of a real Redis. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { BACKENDS, clientOf, post, postJson } from "../bridge/backends.ts";
import { makeCertificate } from "../bridge/certificate.ts";
import { type Server, startServer } from "../bridge/redis-servers.ts";
import { borrowPort } from "../dev/ports.ts";
import { killAll, type Running, start } from "./process.ts";

afterEach(killAll);

function command(args: string[], env: Record<string, string> = {}): Running {
  return start(["redis-bridge", "--port", "0", ...args], { env });
}

describe.runIf(BACKENDS.includes("real"))("in front of a real Redis", () => {
  let redis: RunningRedis;
  const TOKEN = "bridge-token";
  beforeAll(async () => {
    redis = await startRedis({ prefer: "real" });
  });
  afterAll(() => redis?.close());

  async function bridge(args: string[] = [], env: Record<string, string> = { BRIDGE_TOKEN: TOKEN }) {
    const run = command(args, { REDIS_URL: `redis://127.0.0.1:${redis.port}`, ...env });
    return { run, url: `http://127.0.0.1:${await run.port}`, token: TOKEN };
  }

  it("takes its token and no other, and says so without one", async () => {
    const to = await bridge();
    expect(await clientOf(to).set("k", "v")).toBe("OK");
    for (const token of ["", "bridge", `${TOKEN}x`]) {
      expect((await post({ ...to, token }, "/pipeline", [["GET", "k"]])).status).toBe(401);
    }
    const health = await fetch(`${to.url}/health`);
    expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
    expect(to.run.output.stderr + to.run.output.stdout).not.toContain(TOKEN);
  });

  it("answers 400 to a body over --max-body", async () => {
    const to = await bridge(["--max-body", "100"]);
    expect(await postJson(to, "/", ["SET", "k", "x".repeat(70)])).toEqual({ result: "OK" });
    expect((await post(to, "/", ["SET", "k", "x".repeat(100)])).status).toBe(400);
  });

  it("answers 429 in JSON beyond --max-concurrency, counts only who has the token, and takes calls again", async () => {
    const to = await bridge(["--max-concurrency", "1"]);
    const stranger = hold(to.url, "wrong");
    expect(await stranger.status).toBe(401);
    expect((await post(to, "/", ["PING"])).status).toBe(200);
    const slow = hold(to.url, TOKEN);
    let refused = await post(to, "/", ["PING"]);
    while (refused.status === 200) refused = await post(to, "/", ["PING"]);
    expect([refused.status, await refused.json()]).toEqual([429, { error: expect.stringMatching(/^ERR /) }]);
    expect((await fetch(`${to.url}/health`)).status).toBe(200);
    slow.finish();
    expect(await slow.status).toBe(200);
    expect((await post(to, "/", ["PING"])).status).toBe(200);
    const gone = hold(to.url, TOKEN);
    while ((await post(to, "/", ["PING"])).status === 200);
    gone.cut();
    while ((await post(to, "/", ["PING"])).status === 429);
  });

  it("lets a request in hand end on SIGTERM, exits 0 and frees its port", async () => {
    const to = await bridge();
    const wait =
      "local t = redis.call('TIME') local e = t[1] * 1000 + t[2] / 1000 + 400 repeat t = redis.call('TIME') until t[1] * 1000 + t[2] / 1000 > e return 'done'";
    const answer = postJson(to, "/", ["EVAL", wait, "0"]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const exit = to.run.stop();
    expect(await answer).toEqual({ result: "done" });
    expect(await exit).toBe(0);
    await expect(fetch(`${to.url}/health`)).rejects.toThrow();
  });

  it("with --insecure takes calls without a token, but none of a web page", async () => {
    const to = await bridge(["--insecure"], {});
    expect((await fetch(to.url, { method: "POST", body: '["PING"]' })).status).toBe(200);
    const page = { origin: "https://evil.example", "content-type": "text/plain" };
    const answer = await fetch(to.url, { method: "POST", body: '["FLUSHALL"]', headers: page });
    expect(answer.status).toBe(403);
  });

  it("with a token, --insecure changes nothing", async () => {
    const to = await bridge(["--insecure"]);
    expect((await post({ ...to, token: "x" }, "/", ["PING"])).status).toBe(401);
  });

  it("starts while Redis is down, and says so", async () => {
    const run = command([], { REDIS_URL: `redis://127.0.0.1:${await borrowPort()}`, BRIDGE_TOKEN: TOKEN });
    const health = await fetch(`http://127.0.0.1:${await run.port}/health`);
    expect([health.status, await health.json()]).toEqual([503, { ok: false }]);
    expect(await run.stop()).toBe(0);
  });
});

describe.runIf(BACKENDS.includes("real"))("over TLS", () => {
  let folder = "";
  let server: Server | undefined;
  let url = "";
  beforeAll(async () => {
    const { cert, key } = makeCertificate(Date.now());
    folder = await mkdtemp(join(tmpdir(), "tollbooth-tls-"));
    await writeFile(join(folder, "ca.pem"), cert);
    const port = await borrowPort();
    const conf = (at: string) => [
      "port 0",
      `tls-port ${port}`,
      `tls-cert-file ${at}/cert.pem`,
      `tls-key-file ${at}/key.pem`,
      `tls-ca-cert-file ${at}/cert.pem`,
      "tls-auth-clients no",
      "requirepass p@ss",
    ];
    server = await startServer(conf, { files: { "cert.pem": cert, "key.pem": key } });
    url = `rediss://:p%40ss@localhost:${port}/1`;
  });
  afterAll(async () => {
    await server?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  it("reaches a real Redis whose authority it knows", async () => {
    const env = { BRIDGE_TOKEN: "t", REDIS_URL: url, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };
    const run = command([], env);
    const to = { url: `http://127.0.0.1:${await run.port}`, token: "t" };
    expect(await postJson(to, "/", ["SET", "k", "v"])).toEqual({ result: "OK" });
  });

  it("sends nothing, not even the password, to one whose authority it does not know", async () => {
    const run = command([], { BRIDGE_TOKEN: "t", REDIS_URL: url });
    const to = { url: `http://127.0.0.1:${await run.port}`, token: "t" };
    expect(await postJson(to, "/", ["PING"])).toEqual({ error: expect.stringContaining("self-signed") });
    expect((await fetch(`${to.url}/health`)).status).toBe(503);
  });

  it("checks that the certificate is for the host it asked for", async () => {
    const env = { BRIDGE_TOKEN: "t", NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };
    const run = command(["--redis", url.replace("localhost", "127.0.0.1")], env);
    const to = { url: `http://127.0.0.1:${await run.port}`, token: "t" };
    expect(await postJson(to, "/", ["PING"])).toEqual({
      error: expect.stringContaining("does not match certificate's altnames"),
    });
  });
});

/** A request whose body does not end before it is told to. */
function hold(url: string, token: string) {
  const call = request(url, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  call.write('["PING"');
  call.on("error", () => {});
  const status = once(call, "response").then(([response]) => {
    response.resume();
    return response.statusCode as number;
  });
  status.catch(() => {});
  return { status, finish: () => call.end("]"), cut: () => call.destroy() };
}
