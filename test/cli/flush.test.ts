/** `tollbooth flush` deletes the gateway's own keys, when it was told to, and nothing else. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { findRedisServer } from "../../dev/redis-process.ts";
import { flush, type Terminal } from "../../src/cli/flush.ts";
import { load } from "../../src/config/load.ts";
import { postJson } from "../bridge/backends.ts";

const faults = createFaults();
let redis: RunningRedis;

beforeAll(async () => {
  // Never the Redis of REDIS_URL: this one is emptied.
  const prefer = findRedisServer() === undefined && process.env.CI !== "true" ? "embedded" : "real";
  redis = await startRedis({ prefer, intercept: faults.intercept });
});
beforeEach(async () => {
  faults.clear();
  await postJson(redis, "/", ["FLUSHALL"]);
  faults.resetCounters();
});
afterAll(() => redis?.close());

const OTHERS = ["shop2:verify:a", "shopping", "shop", "other:shop:verify:a", "SHOP:verify:a"];

async function fill(own: number): Promise<void> {
  const keys = [...Array.from({ length: own }, (_, i) => `shop:verify:${i}`), "shop:rl:a:b", ...OTHERS];
  await postJson(redis, "/", ["MSET", ...keys.flatMap((key) => [key, "1"])]);
}

async function left(): Promise<string[]> {
  const { result } = (await postJson(redis, "/", ["KEYS", "*"])) as { result: string[] };
  return result.sort();
}

function config(url = redis.url, token = redis.token) {
  const upstreams = { api: { url: "http://127.0.0.1:9" } };
  const routes = { "GET /free": { upstream: "api", price: "$0" } };
  return { upstreams, routes, stores: { redis: { url, token, prefix: "shop" } } };
}

type Asked = { lines: string[]; shown: string[]; questions: string[]; error: unknown };

async function run(prefix: string, answer: boolean | "no terminal" | "--yes", stores = {}): Promise<Asked> {
  const asked: Asked = { lines: [], shown: [], questions: [], error: undefined };
  const confirm: Terminal["confirm"] = async (question) => {
    asked.questions.push(question);
    return answer === true;
  };
  const source = config();
  const compiled = await load(() => ({ ...source, stores: { ...source.stores, ...stores } }), {});
  const terminal = {
    say: (line: string) => void asked.lines.push(line),
    progress: {
      show: (line: string) => void asked.shown.push(line),
      end: () => void asked.shown.push(""),
    },
    confirm: answer === "no terminal" ? undefined : confirm,
  };
  await flush(compiled, { prefix, yes: answer === "--yes" }, terminal).catch((error: unknown) => {
    asked.error = error;
  });
  return asked;
}

it("deletes what is under the prefix and not one key of anybody else", async () => {
  await fill(2500);
  const { lines, error } = await run("shop", "--yes");
  expect(error).toBeUndefined();
  expect(lines[0]).toBe(`${redis.url}: 2501 keys under shop:`);
  expect(lines.at(-1)).toBe("Deleted 2501 keys.");
  expect(await left()).toEqual([...OTHERS].sort());
});

it("finds keys by SCAN and deletes them by name: the database is never emptied", async () => {
  await fill(3);
  faults.resetCounters();
  await run("shop", "--yes");
  const commands = new Set(faults.requests.flatMap((request) => request.commands.map(([name]) => name)));
  expect([...commands].sort()).toEqual(["SCAN", "UNLINK"]);
  const scan = faults.requests.flatMap((request) => request.commands).find(([name]) => name === "SCAN");
  expect(scan?.slice(2, 4)).toEqual(["MATCH", "shop:*"]);
});

it("says how many there are and what it means before it asks, and takes no for an answer", async () => {
  await fill(3);
  const before = await left();
  const { lines, questions, error } = await run("shop", false);
  expect(questions).toEqual(["Delete 4 keys? [y/N] "]);
  expect(lines.join("\n")).toContain("3 of them are payment records.");
  expect(lines.join("\n")).toMatch(/could be presented\s+again/);
  expect(String(error)).toContain("Nothing was deleted.");
  expect(await left()).toEqual(before);
});

it("deletes when the answer is yes", async () => {
  await fill(3);
  expect((await run("shop:", true)).error).toBeUndefined();
  expect(await left()).toEqual([...OTHERS].sort());
});

it("without a terminal and without --yes nothing is deleted", async () => {
  await fill(1);
  const { error } = await run("shop", "no terminal");
  expect(String(error)).toContain("there is no terminal to ask on. Use --yes.");
  expect(await left()).toContain("shop:verify:0");
});

it("a part of the keys: the payment records stay, and there is nothing to say about them", async () => {
  await fill(2);
  const { lines } = await run("shop:rl", "--yes");
  expect(lines).toEqual([`${redis.url}: 1 keys under shop:rl:`, "Deleted 1 keys."]);
  expect(await left()).toContain("shop:verify:0");
});

it.each(["", "*", "sh*", "shop?", "[s]hop", "shop\\", "shop verify", ":", "::"])(
  "the prefix %j is refused",
  async (prefix) => {
    await fill(1);
    const { error, questions } = await run(prefix, "--yes");
    expect(String(error)).toMatch(/^CommandError: The prefix/);
    expect(questions).toEqual([]);
    expect(await left()).toContain("shop:verify:0");
  },
);

it.each(["other", "sho", "shop2"])(
  "%s is nobody's prefix here: refused, with those that are",
  async (prefix) => {
    await fill(1);
    const before = await left();
    const { error } = await run(prefix, "--yes");
    expect(String(error)).toContain(
      `"${prefix}" is not a prefix of this configuration (its prefixes: shop).`,
    );
    expect(await left()).toEqual(before);
  },
);

it("a store that has a prefix of its own is emptied by that one only", async () => {
  await fill(1);
  await postJson(redis, "/", ["SET", "limits:rl:a", "1"]);
  await run("limits", "--yes", { rateLimit: { redis: { prefix: "limits" } } });
  expect(await left()).toEqual([...OTHERS, "shop:rl:a:b", "shop:verify:0"].sort());
});

it("nothing there: says so, asks nothing", async () => {
  const { lines, questions } = await run("shop", true);
  expect([lines, questions]).toEqual([["There are no keys under shop: to delete."], []]);
});

it("a store that is away is one sentence", async () => {
  faults.set("error-500");
  expect(String((await run("shop", "--yes")).error)).toBe(
    "CommandError: The store: SCAN was answered 500: ERR internal error.",
  );
});

it("says how far it is while it works, apart from what it says for good", async () => {
  await fill(2000);
  const { lines, shown } = await run("shop", "--yes");
  expect(shown.some((line) => /^found \d+ keys …$/.test(line))).toBe(true);
  expect(shown).toContain("deleted 500 of 2001 …");
  expect(shown.at(-1)).toBe("");
  expect(lines.filter((line) => line.endsWith("…"))).toEqual([]);
});

it("the command without a terminal exits 1 and deletes nothing; with --yes it exits 0 and does", async () => {
  await fill(2);
  const folder = await mkdtemp(join(tmpdir(), "tollbooth-flush-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "shop.config.ts");
  await writeFile(file, `export default () => (${JSON.stringify(config())});\n`);
  const command = (...args: string[]) =>
    new Promise<number>((resolve) => {
      const all = ["dev/main.ts", "flush", "-c", file, ...args];
      const child = execFile(process.execPath, all, (error) => resolve(Number(error?.code ?? 0)));
      child.stdin?.end("y\n");
    });
  expect(await command("--prefix", "shop")).toBe(1);
  expect(await command("--prefix", "", "--yes")).toBe(1);
  expect(await left()).toContain("shop:verify:0");
  expect(await command("--prefix", "shop", "--yes")).toBe(0);
  expect(await left()).toEqual([...OTHERS].sort());
});
