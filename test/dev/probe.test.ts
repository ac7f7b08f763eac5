/** `node dev/probe.ts`, as somebody runs it against a gateway that is not theirs. */
import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { open } from "../../dev/http.ts";
import { startWorld, type World } from "../fixtures/world.ts";
import { deadUrl } from "./ports.ts";

const probe = (...args: string[]) => promisify(execFile)(process.execPath, ["dev/probe.ts", ...args]);

async function serve(listener: RequestListener): Promise<string> {
  const server = await open(createServer(listener), 0, "server under test");
  onTestFinished(() => server.close());
  return server.url;
}

describe("duplicates", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld("node");
  });
  afterAll(() => world?.close());

  it("counts what the gateway did with one payment, as the gateway's other side saw it", async () => {
    await world.reset();
    const target = ["--url", world.gateway.url, "--path", "/weather", "--at-once", "40"];
    const { stdout } = await probe("duplicates", ...target, "--json");
    const report = JSON.parse(stdout);
    const counted = Object.values<number>(report.counts).reduce((sum, count) => sum + count, 0);
    expect([report.presented, counted]).toEqual([40, 40]);
    expect(report.served).toBe(world.upstream.count("/weather"));
    expect(report.transactions).toHaveLength(world.facilitator.counts.settle);
    const refusals = Object.keys(report.counts).filter((name) => name !== "200");
    expect(refusals.filter((name) => !/^409 payment_(?:in_progress|already_used)$/.test(name))).toEqual([]);
  }, 60_000);

  it("fails for a gateway that serves one payment more than once", async () => {
    const { headers } = await fetch(`${world.gateway.url}/weather`);
    const required = headers.get("payment-required") ?? "";
    const careless = await serve((request, response) => {
      const paid = request.headers["payment-signature"] !== undefined;
      response.writeHead(paid ? 200 : 402, { "payment-required": required }).end("served");
    });
    await expect(probe("duplicates", "--url", careless, "--at-once", "5")).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("5 presentations of one payment: 5 served"),
    });
  }, 60_000);

  it("says so in one sentence where nothing asks for a payment, or nothing answers", async () => {
    const free = `${world.gateway.url}/free`;
    await expect(probe("duplicates", "--url", world.gateway.url, "--path", "/free")).rejects.toMatchObject({
      code: 1,
      stderr: `${free} asks for no payment: it answered 200, where 402 was expected.\n`,
    });
    const dead = await deadUrl();
    await expect(probe("duplicates", "--url", dead)).rejects.toMatchObject({
      code: 1,
      stderr: `No answer from ${dead}; is the gateway running?\n`,
    });
  }, 60_000);
});

describe("rate-limit", () => {
  it("counts what passed and what was limited, and shows the limit's headers", async () => {
    let left = 30;
    let sent = 0;
    const limited = await serve((_request, response) => {
      sent += 1;
      const passes = left > 0;
      if (passes) left -= 1;
      const policy = { ratelimit: `"default";r=${left};t=60`, "ratelimit-policy": '"default";q=30;w=60' };
      response.writeHead(passes ? 200 : 429, { ...policy, ...(passes ? {} : { "retry-after": "60" }) }).end();
    });
    const { stdout } = await probe("rate-limit", "--url", limited, "--requests", "100", "--json");
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      sent,
      passed: 30,
      limited: sent - 30,
      counts: { 200: 30, 429: sent - 30 },
    });
    expect(report.headers).toMatchObject({
      ratelimit: { last: '"default";r=0;t=60', distinct: 30 },
      "ratelimit-policy": { distinct: 1 },
      "retry-after": { first: "60", distinct: 1 },
    });
  }, 60_000);

  it("keeps no more requests in flight than it was told", async () => {
    let inFlight = 0;
    let peak = 0;
    const url = await serve((_request, response) => {
      inFlight += 1;
      peak = Math.max(peak, inFlight);
      setImmediate(() => {
        inFlight -= 1;
        response.end();
      });
    });
    const { stdout } = await probe("rate-limit", "--url", url, "--requests", "60", "--at-once", "3");
    expect(stdout).toContain("60 requests: 60 passed, 0 limited");
    expect(stdout).toContain("No rate limit headers");
    expect(peak).toBeLessThanOrEqual(3);
  }, 60_000);

  it("counts connections that were cut as lost", async () => {
    const url = await serve((request) => request.socket.destroy());
    const { stdout } = await probe("rate-limit", "--url", url, "--requests", "8", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ sent: 8, passed: 0, counts: { lost: 8 } });
  }, 60_000);
});

it("what cannot be a count, a key or a URL is refused before anything is sent", async () => {
  const url = ["--url", "http://127.0.0.1:9"];
  const wrong = [
    ["rate-limit", "--url", "ftp://x"],
    ["rate-limit", ...url, "--requests", "0"],
    ["duplicates", ...url, "--at-once", "many"],
    ["duplicates", ...url, "--key", "0x12"],
  ];
  for (const args of wrong) {
    await expect(probe(...args)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is invalid"),
    });
  }
}, 60_000);
