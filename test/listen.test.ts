/** What Node's own server puts up with, and how it says no. */
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstream, type Upstream } from "../dev/upstream.ts";
import { createTollbooth } from "../src/index.ts";
import { listen, type NodeServer, node } from "../src/platform/node.ts";

let upstream: Upstream;
let server: NodeServer;

beforeAll(async () => {
  upstream = await startUpstream({});
  const config = () => ({
    // The most that can be configured.
    gateway: { limits: { urlLength: 32_768, headerBytes: 65_536, headerCount: 1000 } },
    upstreams: { demo: { url: upstream.url } },
    routes: {
      "GET /free": { upstream: "demo", price: "$0" },
      "POST /echo": { upstream: "demo", price: "$0" },
    },
  });
  const app = createTollbooth(config, { platform: node, emit: () => undefined });
  server = await listen(app, { port: 0, hostname: "127.0.0.1" });
});
afterAll(async () => {
  await server?.close();
  await upstream?.close();
});

/** Everything that comes back for these bytes, until the server hangs up; `then` is sent once that was seen. */
function send(bytes: string, then?: { after: string; bytes: string }): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => {
      text += data;
      if (then && text.includes(then.after)) socket.write(then.bytes);
    });
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(text));
  });
}

/** Status, type and code of an answer; more than one answer is a fault. */
function read(text: string) {
  const [head = "", body = "", ...more] = text.split("\r\n\r\n");
  expect(more).toEqual([]);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  return [status, /content-type: (.*)/.exec(head)?.[1], JSON.parse(body).code];
}

const PROBLEM = "application/problem+json";
const FREE = "GET /free HTTP/1.1\r\nhost: localhost\r\n";

it.each([
  ["no HTTP at all", "hello\r\n\r\n", 400, "request_malformed"],
  ["two lengths", `${FREE}content-length: 1\r\ncontent-length: 2\r\n\r\n`, 400, "request_malformed"],
  ["a header of 200 KB", `${FREE}x-long: ${"x".repeat(200_000)}`, 431, "headers_too_large"],
  ["a URL of 200 KB", `GET /${"x".repeat(200_000)}`, 431, "headers_too_large"],
])("what the server cannot read is a problem with a code: %s", async (_, bytes, status, code) => {
  expect(read(await send(bytes))).toEqual([status, PROBLEM, code]);
  expect(upstream.requests).toEqual([]);
});

it("headers that do not come are refused after ten seconds", async () => {
  const begun = Date.now();
  expect(read(await send(FREE))).toEqual([408, PROBLEM, "request_timeout"]);
  expect(Date.now() - begun).toBeGreaterThan(9000);
});

describe("the longest request that can be configured reaches the gateway", () => {
  const ask = (path: string, headers: Record<string, string>) =>
    new Promise<[number | undefined, string]>((resolve, reject) => {
      request({ port: server.port, host: "127.0.0.1", path, headers }, async (answer) => {
        let text = "";
        for await (const chunk of answer) text += chunk;
        resolve([answer.statusCode, text]);
      })
        .on("error", reject)
        .end();
    });
  const cookie = "x".repeat(65_000);

  it("and is served", async () => {
    expect((await ask(`/free?x=${"x".repeat(8000)}`, { cookie }))[0]).toBe(200);
  });

  it.each<[string, string, Record<string, string>, number, string]>([
    ["URL", `/free?x=${"x".repeat(32_768)}`, { cookie }, 414, "url_too_long"],
    [
      "headers",
      `/free?x=${"x".repeat(32_000)}`,
      { cookie: `${cookie}${"x".repeat(600)}` },
      431,
      "headers_too_large",
    ],
    [
      "number of headers",
      "/free",
      Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`x-${i}`, "1"])),
      431,
      "headers_too_large",
    ],
  ])("or refused by it: %s", async (_, path, headers, status, code) => {
    const [seen, text] = await ask(path, headers);
    expect([seen, JSON.parse(text)]).toMatchObject([
      status,
      { code, detail: expect.stringContaining("At most") },
    ]);
  });
});

it("a body that is not HTTP in the middle of an answer ends the connection, and puts no second answer into the first", async () => {
  const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
  const text = await send(`${head}5\r\nhello\r\n`, { after: "hello", bytes: "no chunk\r\n" });
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(text).not.toContain("request_malformed");
});
