/** Clients of a Node server that are who their sockets say, on real sockets of IPv4 and IPv6. */
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTollbooth } from "../../src/app.ts";
import type { HookContext } from "../../src/core/hooks.ts";
import { listen, type NodeServer, node } from "../../src/platform/node.ts";

const upstream = createServer((incoming, response) => response.end(JSON.stringify(incoming.headers)));
const servers: NodeServer[] = [];

/** Listens on every address, as containers do: then a client of IPv4 comes as IPv6. */
async function gatewayWith(trustProxy: unknown, onRequest?: (context: HookContext) => void): Promise<number> {
  const { port } = upstream.address() as AddressInfo;
  const config = () => ({
    gateway: { trustProxy },
    ...(onRequest ? { hooks: { onRequest } } : {}),
    upstreams: { api: { url: `http://127.0.0.1:${port}` } },
    routes: { "GET /": { upstream: "api", price: "$0" } },
  });
  const server = await listen(createTollbooth(config, { platform: node }), { port: 0, hostname: "::" });
  servers.push(server);
  return server.port;
}

/** What the upstream is told by a call from one address of this machine. */
function told(port: number, localAddress: string, headers: Record<string, string | string[]>) {
  const hostname = localAddress.includes(":") ? "::1" : "127.0.0.1";
  return new Promise<IncomingHttpHeaders>((resolve, reject) => {
    const outgoing = request({ hostname, port, localAddress, headers }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve(JSON.parse(text));
    });
    outgoing.once("error", reject).end();
  });
}

beforeAll(() => new Promise<void>((done) => void upstream.listen(0, "127.0.0.1", done)));
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await new Promise((done) => upstream.close(done));
});

it("an address is one address, whether it comes over IPv4 or as IPv4 in IPv6", async () => {
  const port = await gatewayWith(false);
  expect((await told(port, "127.0.0.2", {}))["x-forwarded-for"]).toBe("127.0.0.2");
  expect((await told(port, "::1", {}))["x-forwarded-for"]).toBe("::1");
});

it("what a proxy says is heard from the addresses that are trusted and from no other", async () => {
  const port = await gatewayWith({ cidrs: ["127.0.0.2", "::1"] });
  const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.7", "x-forwarded-proto": "https" };
  const seen = async (from: string) => {
    const { "x-forwarded-for": list, "x-forwarded-proto": proto } = await told(port, from, headers);
    return [list, proto];
  };
  expect(await seen("127.0.0.2")).toEqual(["203.0.113.7, 127.0.0.2", "https"]);
  expect(await seen("::1")).toEqual(["203.0.113.7, ::1", "https"]);
  expect(await seen("127.0.0.1")).toEqual(["127.0.0.1", "http"]);
  expect(await seen("127.0.0.3")).toEqual(["127.0.0.3", "http"]);
});

it("a field that comes several times is one list, in its order", async () => {
  const twice = ["6.6.6.6", "203.0.113.7"];
  const byList = await gatewayWith({ cidrs: ["loopback"] });
  expect((await told(byList, "127.0.0.1", { "x-forwarded-for": twice }))["x-forwarded-for"]).toBe(
    "203.0.113.7, 127.0.0.1",
  );
  const byForwarded = await gatewayWith({ hops: 1, header: "forwarded" });
  const forwarded = twice.map((address) => `for=${address};proto=https`);
  const seen = await told(byForwarded, "::1", { forwarded, "x-forwarded-for": "6.6.6.6" });
  expect([seen["x-forwarded-for"], seen["x-forwarded-proto"]]).toEqual(["203.0.113.7, ::1", "https"]);
  expect(seen.forwarded).toBeUndefined();
});

it("hooks see who the client is, and which URL it asked for", async () => {
  const seen: unknown[] = [];
  const port = await gatewayWith({ cidrs: ["127.0.0.2"] }, ({ request }) => {
    seen.push([request.clientAddress, request.url]);
  });
  const headers = { host: "api.example", "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" };
  await told(port, "127.0.0.2", headers);
  await told(port, "127.0.0.3", headers);
  expect(seen).toEqual([
    ["203.0.113.7", "https://api.example/"],
    ["127.0.0.3", "http://api.example/"],
  ]);
});

it("true believes the first of the list, whoever wrote it", async () => {
  const port = await gatewayWith(true);
  const list = "6.6.6.6, 203.0.113.7";
  expect((await told(port, "::1", { "x-forwarded-for": list }))["x-forwarded-for"]).toBe(`${list}, ::1`);
});
