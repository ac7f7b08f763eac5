/** `tollbooth serve` as a terminal sees it. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { deadUrl } from "../dev/ports.ts";
import { killAll, start } from "./process.ts";

const CONFIG = "test/fixtures/tollbooth.config.ts";
const faults = createFaults();
let redis: RunningRedis | undefined;
let upstream: Server | undefined;
let folder = "";
let env: Record<string, string> = {};

beforeAll(async () => {
  redis = await startRedis({ intercept: faults.intercept });
  upstream = createServer((request, response) => {
    response.write("first,");
    if (request.url === "/events") setTimeout(() => response.end("last"), 500);
    else response.end("only");
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const address = upstream.address();
  folder = await mkdtemp(join(tmpdir(), "tollbooth-serve-"));
  env = {
    PAY_TO: seller.address,
    FACILITATOR_URL: await deadUrl(),
    RPC_URL: await deadUrl(),
    REDIS_URL: redis.url,
    REDIS_TOKEN: redis.token,
    UPSTREAM_URL: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
  };
});
afterEach(killAll);
afterAll(async () => {
  upstream?.close();
  await redis?.close();
  await rm(folder, { recursive: true, force: true });
});

describe("a configuration that is valid", () => {
  it("is served: free calls are forwarded, others are asked to pay", async () => {
    const run = start(["serve", "--config", CONFIG, "--port", "0", "--host", "127.0.0.1"], { env });
    const url = `http://127.0.0.1:${await run.port}`;
    expect(await (await fetch(`${url}/free`)).text()).toBe("first,only");
    const unpaid = await fetch(`${url}/weather`);
    expect([unpaid.status, unpaid.headers.has("payment-required")]).toEqual([402, true]);
    expect(JSON.parse(run.output.stdout.split("\n")[0] ?? "")).toEqual({
      timestamp: expect.stringMatching(/Z$/),
      level: "info",
      msg: "listening",
      port: await run.port,
    });
  });

  it("takes PORT, HOST and files with variables", async () => {
    const { PAY_TO = "", ...others } = env;
    const file = join(folder, "vars");
    await writeFile(file, `PAY_TO=${PAY_TO}\n`);
    const run = start(["serve", "--config", CONFIG, "--env-file", file], {
      env: { ...others, PORT: "0", HOST: "127.0.0.1" },
    });
    expect((await fetch(`http://127.0.0.1:${await run.port}/weather`)).status).toBe(402);
  });

  it("looks into pending payments with the same variables, and does not forget them for the calls", async () => {
    const { PAY_TO = "", ...others } = env;
    const file = join(folder, "vars");
    await writeFile(file, `PAY_TO=${PAY_TO}\nCHAIN_RPC_URL=http://127.0.0.1:9\n`);
    const run = start(["serve", "--config", CONFIG, "--env-file", file, "--port", "0", "--reconcile", "1"], {
      env: others,
    });
    const url = `http://127.0.0.1:${await run.port}`;
    const looked = () =>
      faults.requests.some(({ commands }) => JSON.stringify(commands).includes(":pending:0"));
    await expect.poll(looked, { timeout: 10_000 }).toBe(true);
    expect((await fetch(`${url}/weather`)).status).toBe(402);
    expect(run.output.stdout + run.output.stderr).not.toContain("reconcile_failed");
  });

  it("ends clean on SIGTERM: an answer under way is finished, nobody new is taken, exit code 0", async () => {
    const run = start(["serve", "--config", CONFIG, "--port", "0"], { env });
    const url = `http://127.0.0.1:${await run.port}`;
    const answer = await fetch(`${url}/free/events`);
    const exit = run.stop();
    expect(await answer.text()).toBe("first,last");
    expect(await exit).toBe(0);
    await expect(fetch(`${url}/free`)).rejects.toThrow();
  });
});

describe("what cannot be served is said before anything listens, with exit code 1", () => {
  it("a configuration with faults: every fault", async () => {
    const { PAY_TO, UPSTREAM_URL, ...others } = env;
    const run = start(["serve", "--config", CONFIG, "--port", "0"], { env: others });
    expect(await run.exit).toBe(1);
    expect(run.output.stderr).toMatch(/^test\/fixtures\/tollbooth\.config\.ts: .*faults/);
    expect(run.output.stderr).toContain("PAY_TO is not set");
    expect(run.output.stderr).toContain("UPSTREAM_URL is not set");
    expect(run.output.stdout).toBe("");
  });

  it.each(["-1", "3601", "1.5", "soon", ""])("a grace of '%s'", async (grace) => {
    const run = start(["serve", "--config", CONFIG, "--port", "0"], {
      env: { ...env, GRACE_SECONDS: grace },
    });
    expect(await run.exit).toBe(2);
    expect(run.output.stderr).toContain("It is a number of seconds, 0 to 3600.");
  });

  it("a file that is not there", async () => {
    const run = start(["serve", "--config", "no-such.config.ts"], { env });
    expect(await run.exit).toBe(1);
    expect(run.output.stderr).toBe("There is no no-such.config.ts. Name another with --config.\n");
  });

  it("a busy port", async () => {
    const holder = createServer().listen(0);
    await once(holder, "listening");
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const run = start(["serve", "--config", CONFIG, "--port", String(port)], { env });
    expect(await run.exit).toBe(1);
    expect(run.output.stderr).toMatch(new RegExp(`^Port ${port} is busy`));
    holder.close();
  });
});
