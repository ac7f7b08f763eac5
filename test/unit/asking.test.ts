/** How the upstream is asked on somebody else's behalf than the client's. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { Asking } from "../../src/core/answer.ts";
import type { Upstream } from "../../src/core/upstream.ts";
import { makeForward } from "../../src/proxy/forward.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, routeOf, upstreamOf } from "./call.ts";

const forward = makeForward({
  clientLocation: (location) => location,
  noteFailure: () => undefined,
  emit: () => undefined,
  clock: Date.now,
});

/** A call to an upstream that does this; `leave` is its client's going away. */
async function callTo(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  limits: Partial<Upstream> = {},
) {
  const upstream = createServer(answer);
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const client = new AbortController();
  const arrival = arrivalOf("GET", "/a", { "x-a": "client", "x-b": "client" });
  const request = new Request(arrival.request, { signal: client.signal });
  const headers = { "x-a": "upstream", "x-c": "upstream" };
  const route = {
    ...routeOf("GET /a"),
    upstream: upstreamOf([base], { headers, timeoutMs: 5000, waitMs: 5000, ...limits }),
  };
  const call = compileMatch([route])({ ...arrival, request });
  return { ask: (asking?: Asking) => forward(call, asking), leave: () => client.abort() };
}

it("what it is asked with is over everything, and can be nothing", async () => {
  const { ask } = await callTo(({ headers }, response) => void response.end(JSON.stringify(headers)));
  const answer = await ask({ headers: { "x-a": "asked", "x-b": undefined, "If-None-Match": '"1"' } });
  const seen = (await answer.response.json()) as Record<string, string>;
  expect(seen).toMatchObject({ "x-a": "asked", "x-c": "upstream", "if-none-match": '"1"' });
  expect(seen).not.toHaveProperty("x-b");
});

it.each([true, false])("detached: %j decides whether the client's leaving ends it", async (detached) => {
  const closed: string[] = [];
  const { ask, leave } = await callTo((_request, response) => {
    response.write("first");
    response.once("close", () => closed.push(response.writableFinished ? "whole" : "cut"));
    setTimeout(() => response.end("last"), 300);
  });
  const { response } = await ask({ detached });
  leave();
  const body = await response.text().catch(() => "broken off");
  await expect.poll(() => closed.length).toBe(1);
  expect([body, ...closed]).toEqual(detached ? ["firstlast", "whole"] : ["broken off", "cut"]);
});

it("stop ends it, detached or not", async () => {
  let closed = false;
  const { ask } = await callTo((_request, response) => {
    response.write("first");
    response.once("close", () => {
      closed = true;
    });
  });
  const { response, stop } = await ask({ detached: true });
  stop();
  await expect(response.text()).rejects.toThrow();
  await expect.poll(() => closed).toBe(true);
});

it.each([{ idleMs: 100 }, { totalMs: 200 }])(
  "an upstream that takes too long is closed, though there is no client whose leaving would do it: %j",
  async (limits) => {
    let closed = false;
    const { ask } = await callTo((_request, response) => {
      response.write("first");
      response.once("close", () => {
        closed = true;
      });
    }, limits);
    const { response } = await ask({ detached: true });
    await expect(response.text()).rejects.toThrow();
    await expect.poll(() => closed).toBe(true);
  },
);

it("what takes too long is closed as a whole also when nobody reads it", async () => {
  let closed = false;
  const { ask } = await callTo(
    (_request, response) => {
      response.write("first");
      response.once("close", () => {
        closed = true;
      });
    },
    { totalMs: 200 },
  );
  const { response } = await ask({ detached: true });
  await expect.poll(() => closed).toBe(true);
  await expect(response.text()).rejects.toThrow();
});
