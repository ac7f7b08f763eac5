/** One set of metrics over all instances, in Prometheus' own eyes, and the dashboard that is drawn from it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { COUNTERS, HISTOGRAMS } from "../../src/core/metrics.ts";
import { counterSeries, histogramSeries } from "../../src/core/series.ts";
import { expose } from "../../src/observability/exposition.ts";
import { linesOf, scrape, sumOf } from "../fixtures/metrics.ts";
import { hasPromtool, promtool } from "../fixtures/promtool.ts";
import { BUNDLES, startWorld, type World } from "../fixtures/world.ts";

let world: World;
let second: Gateway;
let third: Gateway;

beforeAll(async () => {
  world = await startWorld("workers");
  const start = (runtime: Runtime) => startGateway({ runtime, directory: BUNDLES, vars: world.vars });
  [second, third] = await Promise.all([start("workers"), start("node")]);
});
afterAll(async () => {
  await Promise.all([second?.stop(), third?.stop()]);
  await world?.close();
});

const free = async (url: string, times: number) => {
  const calls = Array.from({ length: times }, () => fetch(`${url}/free`).then((answer) => answer.text()));
  await Promise.all(calls);
};
const counted = async (url: string) =>
  sumOf(await scrape(url), "requests_total", { route: "GET /free", status: "200" });

const check = (text: string) => promtool(["check", "metrics"], text);

describe("several instances", () => {
  it("are counted together, and each tells the sum; one that dies takes a second's counts with it at most", async () => {
    const urls = [world.gateway.url, second.url, third.url];
    const before = await counted(world.gateway.url);
    await Promise.all(urls.map((url, i) => free(url, 10 + i)));
    for (const url of urls) await expect.poll(() => counted(url), { timeout: 5000 }).toBe(before + 33);
    // What was counted more than a second ago is safe, whatever becomes of the instance.
    await free(second.url, 5);
    await expect.poll(() => counted(world.gateway.url), { timeout: 1900 }).toBe(before + 38);
    await free(second.url, 5);
    await second.stop("SIGKILL");
    await sleep(1200);
    const left = await counted(world.gateway.url);
    expect(left).toBeGreaterThanOrEqual(before + 38);
    expect(left).toBeLessThanOrEqual(before + 43);
  });

  it("that end in good order write what they have counted", async () => {
    const before = await counted(world.gateway.url);
    await free(third.url, 7);
    await third.stop("SIGTERM");
    expect(await counted(world.gateway.url)).toBe(before + 7);
  });
});

describe("what Prometheus reads", () => {
  it.runIf(hasPromtool)("passes promtool, as it comes from a gateway that has sold something", async () => {
    await (await world.pay("/weather")).text();
    await (await fetch(`${world.gateway.url}/free/dead`)).text();
    const sold = async () => sumOf(await scrape(world.gateway.url), "revenue_usd_total");
    await expect.poll(sold, { timeout: 5000 }).toBeGreaterThan(0);
    expect(check(await scrape(world.gateway.url))).toEqual([0, ""]);
  });

  it.runIf(hasPromtool)(
    "passes promtool with every metric, also where there is nothing yet, and with labels that need care",
    () => {
      const odd = 'GET /a"b\\c\nd';
      const labels = {
        route: odd,
        method: "GET",
        status: "200",
        outcome: "ok",
        stage: "s",
        access: "a",
        code: "c",
      };
      const others = { strategy: "s", result: "HIT", upstream: "u", endpoint: "e" };
      const all = { ...labels, ...others };
      const series = [
        ...Object.keys(COUNTERS).map((name) => counterSeries(name as keyof typeof COUNTERS, all)),
        ...Object.keys(HISTOGRAMS).flatMap((name) =>
          ["+Inf", "sum", "1"].map((part) => histogramSeries(name as keyof typeof HISTOGRAMS, all, part)),
        ),
      ];
      const text = expose(new Map(series.map((one) => [one, 3])));
      expect(check(text)).toEqual([0, ""]);
      expect(text).toContain(String.raw`route="GET /a\"b\\c\nd"`);
      expect(check(expose(new Map()))).toEqual([0, ""]);
      // It can say no.
      expect(check(text.replace(/^# TYPE .*\n/m, "# TYPE x nothing\n"))[0]).not.toBe(0);
    },
  );

  it("is money to the last digit, buckets that hold those below, and nothing of what it does not know", () => {
    const dollars = counterSeries("revenue_usd_total", { route: "r" });
    const part = (name: string) => histogramSeries("upstream_duration_seconds", { upstream: "u" }, name);
    const counts: [string, number][] = [
      [dollars, 123_456_789_012_345],
      [part("0.05"), 2],
      [part("1"), 3],
      [part("+Inf"), 1],
      [part("sum"), 9_500_001],
      ['["of_a_later_version","x"]', 1],
      ['["requests_total","too","few"]', 1],
      ["not JSON", 1],
    ];
    const text = expose(new Map(counts));
    expect(text).toContain('tollbooth_revenue_usd_total{route="r"} 123456789.012345\n');
    const bucket = (le: string) => sumOf(text, "upstream_duration_seconds_bucket", { le });
    expect(["0.025", "0.05", "0.5", "1", "5", "+Inf"].map(bucket)).toEqual([0, 2, 2, 5, 5, 6]);
    expect(sumOf(text, "upstream_duration_seconds_sum")).toBe(9.500001);
    expect(sumOf(text, "upstream_duration_seconds_count")).toBe(6);
    expect(text).not.toMatch(/of_a_later|"too"/);
  });
});

describe("the dashboard", () => {
  type Panel = { type: string; title: string; id: number; targets?: { expr: string }[]; gridPos: object };
  const { panels, schemaVersion, uid } = JSON.parse(readFileSync("ops/grafana/tollbooth.json", "utf8")) as {
    panels: Panel[];
    schemaVersion: number;
    uid: string;
  };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const exported = [
    ...Object.keys(COUNTERS),
    ...Object.keys(HISTOGRAMS).flatMap((name) => ["bucket", "sum", "count"].map((part) => `${name}_${part}`)),
  ].map((name) => `tollbooth_${name}`);

  it("asks for metrics that there are, and leaves none out", () => {
    const asked = new Set(queries.flatMap((query) => query.match(/tollbooth_\w+/g) ?? []));
    expect([...asked].filter((name) => !exported.includes(name))).toEqual([]);
    const bare = [...asked].map((name) => name.replace(/^tollbooth_|_bucket$/g, ""));
    expect(
      [...Object.keys(COUNTERS), ...Object.keys(HISTOGRAMS)].filter((name) => !bare.includes(name)),
    ).toEqual([]);
  });

  it("asks by labels that these metrics have", () => {
    const labels: Record<string, readonly string[]> = Object.fromEntries(
      Object.entries({ ...COUNTERS, ...HISTOGRAMS }).map(([name, metric]) => [
        name,
        [...metric.labels, "le"],
      ]),
    );
    for (const query of queries) {
      for (const [, name = "", has = ""] of query.matchAll(/tollbooth_(\w+?)(?:_bucket)?(?:\{(.*?)\})?\[/g)) {
        const by = /by \(([^)]*)\)/.exec(query)?.[1]?.split(", ") ?? [];
        const used = [...has.matchAll(/(\w+)=/g)].map(([, label]) => label ?? "");
        expect([query, [...by, ...used].filter((label) => !labels[name]?.includes(label))]).toEqual([
          query,
          [],
        ]);
      }
    }
  });

  it("is one that Grafana takes: each panel with a place, a name of its own and something to show", () => {
    expect([uid, schemaVersion >= 36]).toEqual(["tollbooth", true]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const shown = panels.filter(({ type }) => type !== "row");
    expect(shown.filter(({ targets, title }) => !targets?.length || !title)).toEqual([]);
    expect(panels.filter(({ gridPos }) => Object.keys(gridPos).sort().join() !== "h,w,x,y")).toEqual([]);
  });

  it.runIf(hasPromtool)("has queries that Prometheus understands", () => {
    const written = queries.map((query) =>
      query.replaceAll(/\$__(?:rate_interval|range)/g, "5m").replaceAll("$route", ".*"),
    );
    const rules = written.map((expr, i) => ({ record: `q${i}`, expr }));
    const folder = mkdtempSync(join(tmpdir(), "tollbooth-rules-"));
    try {
      const file = join(folder, "rules.json");
      writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
      const [code, said] = promtool(["check", "rules", file]);
      expect([code, said]).toEqual([0, expect.stringContaining(`${rules.length} rules found`)]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it("a log that is set to errors says nothing of what went well", async () => {
  const quiet = await startGateway({
    runtime: "node",
    directory: BUNDLES,
    vars: { ...world.vars, LOG_LEVEL: "ERROR" },
  });
  try {
    await free(quiet.url, 1);
    await fetch(`${quiet.url}/nowhere`);
    expect((await fetch(`${quiet.url}/free/dead`)).status).toBe(502);
    const told = () => linesOf(quiet.log()).filter(({ msg }) => msg === "request");
    await expect.poll(() => told().length).toBe(1);
    expect(told()[0]).toMatchObject({ level: "error", status: 502 });
  } finally {
    await quiet.stop();
  }
});
