/** What `tollbooth redis-bridge` refuses to start with. */
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { killAll, type Running, start } from "./process.ts";

afterEach(killAll);

function command(args: string[], env: Record<string, string> = {}): Running {
  return start(["redis-bridge", "--port", "0", ...args], { env });
}

it.each([
  ["a port that is none", ["--port", "65536"], /A port is 0 to 65535/],
  ["no room for a request", ["--max-concurrency", "0"], /whole number above 0/],
  ["a limit that is no number", ["--max-body", "10mb"], /whole number above 0/],
])("%s is written wrongly: one sentence and exit code 2", async (_, args, sentence) => {
  const run = command(args, { REDIS_URL: "redis://127.0.0.1:1", BRIDGE_TOKEN: "a-token" });
  expect(await run.exit).toBe(2);
  expect(run.output.stderr).toMatch(sentence);
});

describe("what cannot work is one sentence and exit code 1", () => {
  const redis = { REDIS_URL: "redis://127.0.0.1:1" };
  const token = { BRIDGE_TOKEN: "t" };
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ["no token", [], redis, /^Give a token/],
    ["an empty token", [], { ...redis, BRIDGE_TOKEN: "" }, /^Give a token/],
    ["a token that no header can carry", [], { ...redis, BRIDGE_TOKEN: "t\n" }, /^The token must be/],
    [
      "--insecure for the network",
      ["--insecure", "--host", "0.0.0.0"],
      redis,
      /^--insecure is for a loopback/,
    ],
    ["no Redis", [], token, /^Say where Redis is/],
    ["a Redis URL that is none", ["--redis", "http://:secret@x"], token, /^The Redis URL must look like/],
    ["a password that is not escaped", ["--redis", "redis://:se%cret@x"], token, /%25/],
    ["Sentinels without a name", ["--sentinel", "a:1"], token, /^Say what the Sentinels call/],
    ["a name without Sentinels", ["--sentinel-name", "m"], token, /^Say where the Sentinels are/],
    ["a host that is not ours", ["--host", "192.0.2.1"], { ...redis, ...token }, /^The address of --host/],
  ])("%s", async (_, args, env, sentence) => {
    const run = command(args, env);
    expect(await run.exit).toBe(1);
    expect(run.output.stderr).toMatch(sentence);
    expect(run.output.stderr).not.toMatch(/secret|se%cret|\n {4}at /);
    expect(run.output.stdout).toBe("");
  });

  it("a busy port", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const run = command(["--port", String(port)], { ...redis, ...token });
    expect(await run.exit).toBe(1);
    expect(run.output.stderr).toBe(
      `Port ${port} is busy: stop what listens there, or choose another with --port.\n`,
    );
    holder.close();
  });
});
