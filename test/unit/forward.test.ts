/** What is between the upstream's answer and the client's: time, in which a payment may settle. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished } from "vitest";
import { type ForwardMeans, makeForward } from "../../src/proxy/forward.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, routeOf, upstreamOf } from "./call.ts";

const MEANS: ForwardMeans = {
  clientLocation: (location) => location,
  noteFailure: () => undefined,
  emit: () => undefined,
  clock: Date.now,
};

it("an answer can wait: its body is there however often the memory was tidied up meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const tidyUp = runInNewContext("gc") as () => void;
  const upstream = createServer((_request, response) => response.end("the whole answer"));
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  onTestFinished(() => void upstream.close());
  const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const forward = makeForward(MEANS);
  const answer = await forward(compileMatch([routeOf("GET /a", { base })])(arrivalOf("GET", "/a")));
  for (let i = 0; i < 5; i++) {
    tidyUp();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await answer.response.text()).toBe("the whole answer");
});

it.each([
  ["GET", 1],
  ["POST", 0],
])(
  "a target without an answer has failed, unless the client may have been slow: %s",
  async (method, notes) => {
    const upstream = createServer(() => undefined);
    await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
    onTestFinished(() => {
      upstream.closeAllConnections();
      upstream.close();
    });
    const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const noted: string[] = [];
    const forward = makeForward({ ...MEANS, noteFailure: (_, { id }) => void noted.push(id) });
    const route = {
      ...routeOf(`${method} /a`),
      upstream: upstreamOf([base], { timeoutMs: 100, waitMs: 100 }),
    };
    const arrival = arrivalOf(method, "/a");
    const body = method === "GET" ? {} : { body: new ReadableStream(), duplex: "half" };
    const request = new Request(arrival.request.url, { method, ...body } as RequestInit);
    const asked = forward(compileMatch([route])({ ...arrival, request }));
    await expect(asked).rejects.toMatchObject({ code: "upstream_timeout" });
    expect(noted.length).toBe(notes);
  },
);
