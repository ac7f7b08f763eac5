/** `tollbooth stats` in front of a real store with 100,000 receipts. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { readOwed, readStats } from "../../src/cli/stats.ts";
import { csvHead, toCsv, writeCsv } from "../../src/cli/stats-csv.ts";
import { rowLines } from "../../src/cli/stats-report.ts";
import { load } from "../../src/config/load.ts";
import type { Compiled } from "../../src/core/compiled.ts";
import type { Entry } from "../../src/core/ledger.ts";
import { openStores } from "../../src/stores/stores.ts";
import { postJson } from "../bridge/backends.ts";
import { valid } from "../config/valid.ts";
import { isOwed, SOLD, seedLedger } from "../store/ledger-seed.ts";
import { start } from "./process.ts";

// Commands are started, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const MANY = 100_000;
const FEW = 400;
/** 2026-11-20 and the day before. */
const DAY = 20_777;
const TO = "2026-11-20";
const FROM = "2026-11-19";

let redis: RunningRedis;
let compiled: Compiled;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stats-"));
  redis = await startRedis({ strict: true });
  const stores = { redis: { url: redis.url, token: redis.token } };
  compiled = await load(() => ({ ...valid(), stores }), {});
  await seedLedger(redis, "tollbooth", DAY, MANY);
  await seedLedger(redis, "tollbooth", DAY - 1, FEW);
});
afterAll(async () => {
  await redis?.close();
  await rm(directory, { recursive: true, force: true });
});

const receipts = MANY + FEW;
/** Of the four things that are sold in turn. */
const each = receipts / SOLD.length;

describe("the sums", () => {
  it("are exact, each token by itself", async () => {
    const { rows } = await readStats(compiled, { from: FROM, to: TO });
    expect(rows).toMatchObject([
      { symbol: "USDC", receipts: 3 * each, amount: "4604.745600", atomic: "4604745600" },
      {
        symbol: "DAI",
        receipts: each,
        amount: dai(),
      },
    ]);
    expect(rows.reduce((sum, { owed }) => sum + owed, 0)).toBe(receipts / 100);
  });

  function dai(): string {
    const all = String(BigInt(each) * 12_345_678_901_234_567_890n).padStart(19, "0");
    return `${all.slice(0, -18)}.${all.slice(-18)}`;
  }

  it.each([
    ["route", ["GET /weather", "GET /data/:id", "POST /v1/messages", "GET /weather"]],
    ["day", [FROM, FROM, TO, TO]],
    ["network", ["eip155:8453", "eip155:137"]],
    ["asset", ["USDC", "DAI"]],
  ] as const)("by %s", async (by, names) => {
    const { rows } = await readStats(compiled, { from: FROM, to: TO, by });
    expect(rows.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(rows.reduce((sum, row) => sum + row.receipts, 0)).toBe(receipts);
  });

  it("are of the days that are named, both included", async () => {
    const { rows } = await readStats(compiled, { from: FROM, to: FROM });
    expect(rows.reduce((sum, row) => sum + row.receipts, 0)).toBe(FEW);
    expect((await readStats(compiled, { from: "2026-11-21", to: "2026-12-31" })).rows).toEqual([]);
  });

  it("stand in columns, with every digit", async () => {
    const { rows } = await readStats(compiled, { from: FROM, to: FROM });
    expect(rowLines(rows, undefined)).toEqual([
      "NETWORK      TOKEN  RECEIPTS  DELIVERED  BROKEN  OWED                  REVENUE",
      "eip155:8453  USDC        300        300       0     0                18.345600",
      "eip155:137   DAI         100         96       0     4  1234.567890123456789000",
    ]);
  });

  it.each([
    [{ from: "2026-11-31" }, /"2026-11-31" is not a date/],
    [{ to: "today" }, /"today" is not a date/],
    [{ from: "2026-11-20", to: "2026-11-19" }, /--from is after --to/],
    [{ from: "1999-01-01", to: "2026-01-01" }, /more than 3660 days/],
  ])("%o is refused with a sentence", async (range, sentence) => {
    await expect(readStats(compiled, range)).rejects.toThrow(sentence);
  });
});

describe("what is owed", () => {
  it("is listed with what has waited longest first, and counted in full", async () => {
    const { entries, total, doubts } = await readOwed(compiled);
    expect([entries.length, total, doubts]).toEqual([1000, receipts / 100, []]);
    expect(entries[0]).toMatchObject({ day: FROM, index: 99, status: "owed" });
    expect(entries.every(({ index }) => isOwed(index))).toBe(true);
  });
});

describe("the CSV", () => {
  it("has every receipt once, oldest first, and is read in bounded portions", async () => {
    const file = join(directory, "all.csv");
    const portions: number[] = [];
    const written = await writeCsv(openStores(compiled.stores).ledger.all(FROM, TO), file, (so) =>
      portions.push(so),
    );
    expect(written).toBe(receipts);
    expect(portions.length).toBeGreaterThan(100);
    const lines = (await readFile(file, "utf8")).split("\r\n");
    expect(lines.pop()).toBe("");
    expect(lines).toHaveLength(receipts + 1);
    expect(`${lines[0]}\r\n`).toBe(csvHead());
    expect(new Set(lines.slice(1)).size).toBe(receipts);
    const times = lines.slice(1).map((line) => line.slice(0, 24));
    expect(times).toEqual([...times].sort());
    expect(lines.slice(-1)[0]).toMatch(
      /^2026-11-20T23:59:59\.\d{3}Z,,owed,GET \/weather,12\.345678901234567890,DAI,eip155:137,0x3c/,
    );
  });

  it("quotes by RFC 4180, and nothing in it is a formula", () => {
    const entry = (route: string): Entry => ({
      day: TO,
      index: 0,
      settledAt: 0,
      endedAt: undefined,
      status: "owed",
      spend: "s",
      payer: "p",
      transaction: "",
      amount: 5n,
      network: "n",
      asset: "a",
      symbol: "U",
      decimals: undefined,
      route,
    });
    const routeOf = (route: string) => /owed,(.*),5,U/.exec(toCsv([entry(route)]))?.[1];
    expect(routeOf('GET /a,"b"')).toBe('"GET /a,""b"""');
    for (const start of ["=", "+", "-", "@"]) expect(routeOf(`${start}1+1`)).toBe(`'${start}1+1`);
  });

  it("a file that cannot be written is one sentence", async () => {
    const { ledger } = openStores(compiled.stores);
    const nowhere = join(directory, "no", "such.csv");
    await expect(writeCsv(ledger.all(FROM, FROM), nowhere, () => undefined)).rejects.toThrow(
      /such\.csv: ENOENT/,
    );
  });
});

describe("the command", () => {
  async function run(...args: string[]) {
    const config = join(directory, "tollbooth.config.ts");
    const text = { ...valid(), stores: { redis: { url: redis.url, token: redis.token } } };
    await writeFile(config, `export default () => (${JSON.stringify(text)});`);
    const running = start(["stats", "--config", config, ...args]);
    const code = await running.exit;
    return { code, ...running.output };
  }

  it("prints no colours and no progress where nobody watches, and JSON where it is asked for", async () => {
    const text = await run("--from", FROM, "--to", FROM, "--by", "route");
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/^Receipts from 2026-11-19 to 2026-11-19, UTC\n\nROUTE +NETWORK +TOKEN/);
    const json = await run("--from", FROM, "--to", TO, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      from: FROM,
      to: TO,
      rows: [{ symbol: "USDC" }, { symbol: "DAI" }],
    });
    const owed = JSON.parse((await run("--owed", "--json")).stdout);
    expect([owed.total, owed.entries.length]).toEqual([receipts / 100, 1000]);
    expect(owed.entries[0]).toMatchObject({ status: "owed", amount: "12345678901234567890" });
  });

  it("writes CSV to the output, or to a file and says how many", async () => {
    const { stdout, stderr, code } = await run("--from", FROM, "--to", FROM, "--csv");
    expect([code, stderr, stdout.split("\r\n").length]).toEqual([0, "", FEW + 2]);
    const file = join(directory, "few.csv");
    const written = await run("--from", FROM, "--to", FROM, "--csv", file);
    expect(written).toMatchObject({ code: 0, stdout: "", stderr: `${FEW} receipts in ${file}.\n` });
    expect(await readFile(file, "utf8")).toBe(stdout);
    expect(await run("--csv", "--by", "route")).toMatchObject({ code: 2, stdout: "" });
  });
});

it("a store that is away, or none, is one sentence", async () => {
  const away = structuredClone(compiled.stores);
  if (away.verificationCache) away.verificationCache.url = "http://127.0.0.1:9";
  await expect(readStats({ ...compiled, stores: away }, {})).rejects.toThrow(/^The store does not answer/);
  const none = { ...compiled.stores, verificationCache: undefined };
  await expect(readStats({ ...compiled, stores: none }, {})).rejects.toThrow(/has no store/);
});

it("a line that cannot be read is told, not passed over", async () => {
  await postJson(redis, "/", ["RPUSH", "tollbooth:ledger:2020-01-01", "gibberish"]);
  const read = async () => {
    for await (const _ of openStores(compiled.stores).ledger.all("2020-01-01", "2020-01-01"));
  };
  await expect(read()).rejects.toMatchObject({
    details: { cause: expect.stringMatching(/line 0 of 2020-01-01/) },
  });
});
