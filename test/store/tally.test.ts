/** What is counted gets into the store once, whatever happens on the way, and nothing else depends on it. */
import { afterEach, expect, it, vi } from "vitest";
import { counterSeries, histogramSeries } from "../../src/core/series.ts";
import { openStores } from "../../src/stores/stores.ts";
import { makeTally } from "../../src/stores/tally.ts";
import { describeBackends, postJson } from "../bridge/backends.ts";

const BY = { spend: "a1", owner: "o", leaseMs: 10_000, receipt: undefined };
const ROUTE = { route: "GET /a" };
const BLOCKED = counterSeries("rate_limit_blocks_total", ROUTE);
const ended = (outcome: string) => counterSeries("redis_requests_total", { outcome });

afterEach(() => void vi.useRealTimers());

/** Lets the time pass after which an isolate writes also what is worth no write. */
function passTime(ms = 11_000): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

describeBackends("what is counted", { strict: true }, (of) => {
  const open = () => {
    const { url, token } = of.redis;
    const at = { url, token, prefix: "test", timeoutMs: 500 };
    return openStores({ rateLimit: at, verificationCache: at, timeSession: at, responseCache: at });
  };
  const delivered = ({ payments }: ReturnType<typeof open>) => payments.change(BY, { to: "delivered" });
  const today = () => new Date().toISOString().slice(0, 10);
  /** A day's counts, as they are kept. */
  async function countsOf(day: string): Promise<Map<string, number>> {
    const { result } = (await postJson(of.redis, "/", ["HGETALL", `test:stats:day:${day}`])) as {
      result: string[];
    };
    const pairs = Array.from({ length: result.length / 2 }, (_, i) => result.slice(2 * i, 2 * i + 2));
    return new Map(pairs.map(([series = "", count]) => [series, Number(count)]));
  }
  const isStatistics = { when: () => true };

  it("of the store itself rides along with a payment's last word: no request of its own, each counted once", async () => {
    const stores = open();
    of.faults.resetCounters();
    for (let i = 0; i < 3; i++) await delivered(stores);
    expect(of.faults.requests.map(({ commands }) => commands.length)).toEqual([1, 1, 1]);
    passTime();
    for (let i = 0; i < 2; i++) await delivered(stores);
    expect(of.faults.requests.map(({ commands }) => commands.length)).toEqual([1, 1, 1, 2, 1]);
    const { stats } = open();
    const total = await stats.total();
    expect(total.get(ended("ok"))).toBe(3);
    expect(await countsOf(today())).toEqual(total);
  });

  it("goes with the last word on a payment, and not with those before it", async () => {
    const stores = open();
    stores.stats.tally.count("rate_limit_blocks_total", ROUTE);
    of.faults.resetCounters();
    for (const to of ["settled", "renewed"] as const) await stores.payments.change(BY, { to });
    expect(of.faults.requests.map(({ commands }) => commands.length)).toEqual([1, 1]);
    await delivered(stores);
    expect(of.faults.requests.at(-1)?.commands.length).toBe(2);
    expect((await stores.stats.total()).get(BLOCKED)).toBe(1);
  });

  it("of a store that was away is there once it is back, its failures and timeouts too", async () => {
    const stores = open();
    of.faults.set("error-500", { times: 2 });
    for (let i = 0; i < 2; i++) await expect(delivered(stores)).rejects.toThrow();
    of.faults.set("hang", { times: 1 });
    await expect(delivered(stores)).rejects.toThrow();
    passTime();
    await delivered(stores);
    const total = await stores.stats.total();
    expect([total.get(ended("failed")), total.get(ended("timeout"))]).toEqual([2, 1]);
  });

  it("counts once when the reply to its write was lost", async () => {
    const { stats } = open();
    stats.tally.count("rate_limit_blocks_total", ROUTE, 5);
    of.faults.set("drop-after", { times: 1, ...isStatistics });
    await stats.flush();
    // Refused, and then repeated.
    expect(of.faults.statistics.length).toBe(2);
    expect((await stats.total()).get(BLOCKED)).toBe(5);
  });

  it.each(["drop-after", "drop-before", "error-500"] as const)(
    "counts once when the last word it went along with met with %s",
    async (fault) => {
      const stores = open();
      stores.stats.tally.count("rate_limit_blocks_total", ROUTE, 5);
      of.faults.set(fault, { times: 1 });
      await expect(delivered(stores)).rejects.toThrow();
      stores.stats.tally.count("rate_limit_blocks_total", ROUTE, 2);
      await stores.stats.flush();
      expect((await stores.stats.total()).get(BLOCKED)).toBe(7);
    },
  );

  it("is added up over isolates, and by the day of the one that writes it", async () => {
    const isolates = [open(), open()];
    for (const { stats } of isolates)
      stats.tally.time("request_duration_seconds", { ...ROUTE, method: "GET" }, 70);
    await Promise.all(isolates.map(({ stats }) => stats.flush()));
    passTime(86_400_000);
    const { stats } = open();
    stats.tally.count("rate_limit_blocks_total", ROUTE);
    await stats.flush();
    const part = (name: string) =>
      histogramSeries("request_duration_seconds", { ...ROUTE, method: "GET" }, name);
    const total = await stats.total();
    expect([total.get(part("0.1")), total.get(part("sum")), total.get(BLOCKED)]).toEqual([2, 140_000, 1]);
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const [before, now] = [await countsOf(yesterday), await countsOf(today())];
    expect([before.get(part("0.1")), now.get(BLOCKED)]).toEqual([2, 1]);
    expect([before.has(BLOCKED), now.has(part("sum"))]).toEqual([false, false]);
  });

  it("is summed up over any days: what was asked for and nothing else, one metric by day, the others as a whole", async () => {
    const days = Array.from({ length: 25 }, (_, n) =>
      new Date(Date.UTC(2026, 1, 10 + n)).toISOString().slice(0, 10),
    );
    const outcome = (route: string, name: string) =>
      counterSeries("outcomes_total", { route, outcome: name });
    const settled = counterSeries("payment_stages_total", { route: 'GET /"odd\\', stage: "settled" });
    for (const [n, day] of days.entries()) {
      const counts = [
        outcome("GET /a", "paid"),
        n + 1,
        outcome("GET /b", "paid"),
        1,
        outcome("GET /b", "free"),
        2,
      ];
      const others = [settled, 2 ** 40, BLOCKED, 7, "no series", 1];
      if (n !== 12)
        await postJson(of.redis, "/", [
          "HSET",
          `test:stats:day:${day}`,
          ...[...counts, ...others].map(String),
        ]);
    }
    of.faults.resetCounters();
    const [first = "", last = ""] = [days[0], days[24]];
    const { daily, whole } = await open().stats.over(first, last, "outcomes_total", ["payment_stages_total"]);
    expect(of.faults.requestCount).toBe(1);
    const expected = days.map(
      (day, n) =>
        [
          day,
          new Map([
            ["paid", n + 2],
            ["free", 2],
          ]),
        ] as const,
    );
    expect(daily).toEqual(new Map(expected.filter((_, n) => n !== 12)));
    expect(whole).toEqual(new Map([[settled, 24 * 2 ** 40]]));
    const none = await open().stats.over("2020-01-01", "2020-01-31", "outcomes_total", []);
    expect([none.daily.size, none.whole.size]).toEqual([0, 0]);
    await postJson(of.redis, "/", ["SET", "test:stats:day:2020-01-02", "no hash"]);
    await expect(open().stats.over("2020-01-01", "2020-01-31", "outcomes_total", [])).rejects.toThrow();
  });

  it("is looked at with more patience than a call has", async () => {
    of.faults.setLatency(700);
    try {
      const { look, stats } = open();
      const asked = [today(), today(), "outcomes_total", []] as const;
      await expect(stats.over(...asked)).rejects.toThrow();
      expect((await look().over(...asked)).daily.size).toBe(0);
    } finally {
      of.faults.setLatency(0);
    }
  });

  it("leaves no key for ever", async () => {
    const { stats } = open();
    stats.tally.count("rate_limit_blocks_total", ROUTE);
    await stats.flush();
    const { result: keys } = (await postJson(of.redis, "/", ["KEYS", "*"])) as { result: string[] };
    expect(keys.length).toBe(3);
    for (const key of keys) {
      const { result } = (await postJson(of.redis, "/", ["PTTL", key])) as { result: number };
      expect(result).toBeGreaterThan(0);
      if (key.includes(":write:")) expect(result).toBeLessThanOrEqual(300_000);
    }
  });

  it("is counted anew where a write is so long in doubt that the store may have forgotten it", async () => {
    const stores = open();
    stores.stats.tally.count("rate_limit_blocks_total", ROUTE, 5);
    of.faults.set("error-500", { times: 1 });
    await expect(delivered(stores)).rejects.toThrow();
    passTime(200_000);
    await stores.stats.flush();
    expect((await stores.stats.total()).get(BLOCKED)).toBe(5);
  });

  it("that cannot be written does not keep a payment's record from being written", async () => {
    const stores = open();
    await postJson(of.redis, "/", ["SET", "test:stats:metrics", "not a hash"]);
    stores.stats.tally.count("rate_limit_blocks_total", ROUTE);
    // False: nobody has claimed it. A failure would throw.
    expect(await delivered(stores)).toBe(false);
    expect(of.faults.requests.at(-1)?.commands.length).toBe(2);
  });
});

it("what waits while the store is away does not grow with every try, and nothing of it is lost", () => {
  let now = 0;
  const tally = makeTally("test", () => now);
  const amount = (args: string[]) => Number(args[args.indexOf(BLOCKED) + 1]);
  for (let i = 0; i < 100; i++) {
    now += 1000;
    tally.count("rate_limit_blocks_total", ROUTE);
    const rides = tally.take();
    expect(rides.length).toBeLessThanOrEqual(20);
    tally.putBack(rides);
  }
  const rest = () => {
    now += 1000;
    return tally.take().reduce((sum, { args }) => sum + amount(args), 0);
  };
  expect(rest() + rest()).toBe(100);
});
