/** The example of a deployment, deployed as far as that goes without Cloudflare: by wrangler into workerd, and paid. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { seller } from "../../dev/accounts.ts";
import { findWrangler, QUIET_WRANGLER } from "../../dev/bundle.ts";
import { decode, type Requirements, sign } from "../fixtures/sign.ts";
import { startParts } from "../lab/lab.ts";
import { keyOf } from "../lab/store.ts";

const run = promisify(execFile);
const FOLDER = "examples/deployed-worker";
const CONFIG = `${FOLDER}/wrangler.toml`;
const API = `${FOLDER}/api/wrangler.toml`;
const ENVIRONMENTS = ["", "staging"] as const;
type Route = { pattern: string };
let out = "";

/** What wrangler says when it would deploy; the worker is then in a folder of that name in `out`. */
async function dryRun(name: string, config: string, env = ""): Promise<string> {
  const args = ["deploy", "--dry-run", "--config", config, `--env=${env}`];
  // Nothing of the developer's own: a .dev.vars beside the file would be taken, too.
  args.push("--outdir", join(out, name), "--env-file", "/dev/null");
  const { stdout, stderr } = await run(process.execPath, [findWrangler(), ...args], {
    env: { ...process.env, ...QUIET_WRANGLER },
  });
  expect(stderr).toBe("");
  return stdout;
}

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "tollbooth-deploy-"));
});
afterAll(() => rm(out, { recursive: true, force: true }));

describe.each(ENVIRONMENTS)("wrangler deploys environment '%s'", (env) => {
  const read = unstable_readConfig({ config: CONFIG, env });

  it("with the upstream bound and every variable of the configuration but the secrets", async () => {
    const said = await dryRun(env || "production", CONFIG, env);
    const bound = [...said.matchAll(/^env\.(\w+) \((.*)\) +(\w.*?) *$/gm)].map(([, name, , kind]) => [
      name,
      kind,
    ]);
    expect(bound).toEqual([
      ["API", "Worker"],
      ["PAY_TO", "Environment Variable"],
      ["FACILITATOR_URL", "Environment Variable"],
      ["UPSTASH_REDIS_REST_URL", "Environment Variable"],
    ]);
    expect(read.secrets?.required).toEqual(["UPSTASH_REDIS_REST_TOKEN", "RPC_URL"]);
  });

  it("at its own addresses and no other, with the cron and the flags", () => {
    const [own, other] = ENVIRONMENTS.map((name) => unstable_readConfig({ config: CONFIG, env: name }));
    const hosts = (config: typeof own) => (config?.routes ?? []).map((route: Route) => route.pattern);
    expect([hosts(own).length, hosts(other).length]).toEqual([2, 1]);
    expect(hosts(own).filter((host: string) => hosts(other).includes(host))).toEqual([]);
    expect([read.workers_dev, read.preview_urls, read.triggers.crons?.length]).toEqual([false, false, 1]);
    expect(read.compatibility_flags).toContain("enable_request_signal");
    // What this workerd can run: a later date would pass the dry run and fail at the start.
    expect(read.compatibility_date).toBe(unstable_readConfig({ config: "wrangler.toml" }).compatibility_date);
  });
});

describe("the worker that was built, in workerd, with everything that wrangler.toml binds", () => {
  type Harness = ReturnType<typeof createTestHarness>;
  let parts: Awaited<ReturnType<typeof startParts>>;
  let server: Harness;

  beforeAll(async () => {
    parts = await startParts();
    await dryRun("api", API);
    const { PAY_TO, FACILITATOR_URL, RPC_URL, REDIS_URL, REDIS_TOKEN } = parts.vars;
    server = createTestHarness({
      workers: [
        {
          configPath: CONFIG,
          prebuiltWorkerDir: join(out, "production"),
          vars: {
            PAY_TO: String(PAY_TO),
            FACILITATOR_URL: String(FACILITATOR_URL),
            UPSTASH_REDIS_REST_URL: String(REDIS_URL),
          },
          secrets: { UPSTASH_REDIS_REST_TOKEN: String(REDIS_TOKEN), RPC_URL: String(RPC_URL) },
        },
        { configPath: API, prebuiltWorkerDir: join(out, "api") },
      ],
    });
    await server.listen();
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    await parts?.close();
  });

  const ask = (url: string, headers: Record<string, string> = {}) => server.fetch(url, { headers });
  async function signFor(url: string): Promise<string> {
    const answer = await ask(url);
    expect(answer.status).toBe(402);
    return sign((decode(answer.headers.get("payment-required")) as { accepts: [Requirements] }).accepts[0]);
  }

  it("serves what is free from the worker that has no address", async () => {
    const answer = await ask("http://pay.example.com/cities");
    expect([answer.status, await answer.json()]).toEqual([200, ["lisbon", "oslo"]]);
  });

  it.each(["http://pay.example.com/forecast/lisbon", "http://www.example.com/paid/forecast/lisbon"])(
    "sells %s, and the money arrives",
    async (url) => {
      const unpaid = await ask(url);
      expect(decode(unpaid.headers.get("payment-required"))).toMatchObject({ resource: { url } });
      const before = await parts.chain.balanceOf(seller.address);
      const answer = await ask(url, { "payment-signature": await signFor(url) });
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { city: "lisbon", forecast: "clear, 21 °C" },
      ]);
      expect((await parts.chain.balanceOf(seller.address)) - before).toBe(10_000n);
    },
  );

  it("reconciles on the cron: a settlement whose reply was lost is found on the chain", async () => {
    const url = "http://pay.example.com/forecast/oslo";
    const payment = await signFor(url);
    const settled = parts.stops.hold("settle:done");
    const asking = ask(url, { "payment-signature": payment });
    await settled;
    parts.stops.release("cut");
    expect((await asking).status).toBe(503);

    const key = await keyOf(payment, "weather");
    const record = async () => {
      const { result } = await parts.store.command("HMGET", key, "state", "reason");
      return (result as string[])[0];
    };
    await expect.poll(record).toBe("unknown");
    // Plays the minute after which it is looked into.
    await parts.store.command("HSET", key, "lease", "1");
    const spend = key.split(":").at(-1) ?? "";
    await parts.store.command("ZADD", `weather:pending:${spend.slice(0, 1)}`, "1", spend);
    const { outcome } = await server.getWorker("weather-gateway").scheduled({ cron: "*/5 * * * *" });
    expect(outcome).toBe("ok");
    await expect.poll(record, { timeout: 5000 }).toBe("settled");
  });
});
