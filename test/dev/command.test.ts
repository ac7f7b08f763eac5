/** `tollbooth dev`, as a newcomer runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { pay } from "../../dev/pay.ts";
import { borrowPort } from "./ports.ts";

const PORTS = ["--redis-port", "--chain-port", "--facilitator-port", "--upstream-port"];

type Run = { child: ChildProcess; output: () => string; exited: Promise<number | null> };

function dev(args: string[]): Run {
  const child = spawn(process.execPath, ["dev/main.ts", "dev", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, output: () => text, exited };
}

describe.each(["workers", "vercel", "node"])("tollbooth dev --runtime %s", (runtime) => {
  it("starts everything, sells a call, and leaves no port behind on Ctrl-C", async () => {
    const port = await borrowPort();
    const ports = await Promise.all(PORTS.map(() => borrowPort()));
    const { child, output, exited } = dev([
      ...["--runtime", runtime, "--port", String(port)],
      ...PORTS.flatMap((flag, i) => [flag, String(ports[i])]),
    ]);
    await expect.poll(output, { timeout: 60_000 }).toContain("Ctrl-C ends it all.");
    expect(output()).toMatch(/GET \/weather +\$0.01/);
    expect(output()).toContain("has 100 USDC");
    const result = await pay(`http://127.0.0.1:${port}/weather`, { rpcUrl: `http://127.0.0.1:${ports[1]}` });
    expect(result).toMatchObject({ ok: true, status: 200 });
    child.kill("SIGINT");
    expect(await exited).toBe(0);
    for (const each of [port, ...ports]) await borrowPort(each);
  }, 90_000);
});

it.each([
  ["--port", /Port (\d+) is busy/],
  ["--redis-port", /Port (\d+) is busy/],
  ["--chain-port", /(\d+)/],
  ["--upstream-port", /Port (\d+) is busy/],
])(
  "a busy %s is one clear sentence and exit code 1, with nothing left running",
  async (flag, sentence) => {
    const busy = createServer();
    const port = await new Promise<number>((resolve) => {
      busy.listen(0, "127.0.0.1", () => resolve((busy.address() as { port: number }).port));
    });
    onTestFinished(() => void busy.close());
    const rest = PORTS.filter((other) => other !== flag).flatMap((other) => [other, "0"]);
    const own = flag === "--port" ? [] : ["--port", String(await borrowPort())];
    const { output, exited } = dev([...rest, ...own, flag, String(port)]);
    expect(await exited).toBe(1);
    expect(sentence.exec(output())?.[1]).toBe(String(port));
    expect(output().trim().split("\n")).toHaveLength(1);
  },
  30_000,
);

it("a configuration that is not there is one clear sentence", async () => {
  const { output, exited } = dev(["--config", "nowhere.config.ts"]);
  expect(await exited).toBe(1);
  expect(output().trim()).toBe("There is no nowhere.config.ts. Name another with --config.");
});
