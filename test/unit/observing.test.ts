/** What is told of a call, and what is not. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Call, Claim } from "../../src/core/call.ts";
import type { Tally } from "../../src/core/metrics.ts";
import { formatDecimal } from "../../src/core/money.ts";
import { counterSeries, histogramSeries, readSeries } from "../../src/core/series.ts";
import { traceOf } from "../../src/core/trace.ts";
import { inMicroDollars } from "../../src/observability/dollars.ts";
import { filtered, log } from "../../src/observability/log.ts";
import { levelOf, lineOf } from "../../src/observability/report.ts";
import { watchClaim } from "../../src/observability/watch-claim.ts";
import { REQUIREMENTS, routeOf, TRANSACTION } from "./call.ts";
import { SHEET } from "./sheet.ts";

afterEach(() => void vi.restoreAllMocks());

describe("a line of the log", () => {
  const written = (write: () => void): string[] => {
    const lines: string[] = [];
    for (const stream of ["log", "error"] as const)
      vi.spyOn(console, stream).mockImplementation((text) => void lines.push(`${stream} ${text}`));
    write();
    return lines;
  };

  it("has no name, password or query of a URL, wherever in it that is", () => {
    const error =
      "TypeError: fetch https://me:hunter2@a.example/x?key=hunter2&b=1 failed ← ws://b.example?hunter2";
    const [line = ""] = written(() => log({ event: "e", level: "info", error, deep: { urls: [error] } }));
    expect(line).not.toMatch(/hunter2|me:/);
    expect(line).toContain("fetch https://a.example/x failed ← ws://b.example");
  });

  it("is what the gateway says it is, whatever a hook calls its fields", () => {
    const forged = { timestamp: "never", msg: "request", note: 1 };
    const [line = ""] = written(() => log({ ...forged, event: "hook_log", level: "error" }));
    expect(line).toMatch(/^error \{"timestamp":"\d{4}-[^"]*Z","level":"error","msg":"hook_log","note":1\}$/);
  });

  it.each([
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
    ["silent", 0],
  ] as const)("from %s on: %i of four", (least, count) => {
    const told: string[] = [];
    const emit = filtered(
      ({ level }) => void told.push(level),
      () => least,
    );
    for (const level of ["debug", "info", "warn", "error"] as const) emit({ event: "e", level });
    expect(told.length).toBe(count);
  });
});

describe("a call", () => {
  it.each([
    ["served", {}, "info"],
    ["of the gateway's own path", { own: true }, "debug"],
    ["refused on such a path", { own: true, status: 401, code: "admin_unauthorized" }, "warn"],
    ["that is to be paid", { status: 402, code: "payment_required" }, "warn"],
    ["too many", { status: 429, code: "rate_limited" }, "warn"],
    ["that the upstream failed", { status: 500 }, "error"],
    ["that the gateway failed", { status: 503, code: "store_unavailable" }, "error"],
    ["that the operator has closed", { status: 503, code: "maintenance" }, "warn"],
    ["that a hook has refused with 500", { status: 500, code: "rejected" }, "warn"],
  ] as const)("%s is told as it deserves: %j: %s", (_, change, level) => {
    expect(levelOf({ ...SHEET, ...change })).toBe(level);
  });

  it("names payer and client only as hashes that the secret is part of, and the same ones each time", async () => {
    const known = { ...SHEET, payer: "0xAbC", client: "192.0.2.7" };
    const [one, same, other] = [
      await lineOf(known, "s"),
      await lineOf({ ...known, payer: "0xabc", client: "::ffff:192.0.2.7" }, "s"),
      await lineOf(known, "t"),
    ];
    expect([one.payer, one.client]).toEqual([same.payer, same.client]);
    expect(one.payer).not.toBe(other.payer);
    expect(one.client).not.toBe(other.client);
    expect(JSON.stringify(one)).not.toMatch(/0xabc|192\.0/i);
  });
});

it("of the traces that begin here, the share is sampled that was asked for", () => {
  const headers = new Headers();
  expect(new Set(Array.from({ length: 50 }, () => traceOf(headers, 0).flags))).toEqual(new Set(["00"]));
  expect(new Set(Array.from({ length: 50 }, () => traceOf(headers, 1).flags))).toEqual(new Set(["01"]));
  const some = Array.from({ length: 2000 }, () => traceOf(headers, 0.5).flags).filter(
    (flags) => flags === "01",
  );
  expect(some.length).toBeGreaterThan(800);
  expect(some.length).toBeLessThan(1200);
});

it.each([
  [10_000n, 6, "0.01"],
  [0n, 6, "0.00"],
  [1_000_000n, 6, "1.00"],
  [1_234_567n, 6, "1.234567"],
  [500n, 6, "0.0005"],
  [7n, 0, "7.00"],
])("%i at %i decimals is $%s", (digits, scale, text) => {
  expect(formatDecimal({ digits, scale })).toBe(text);
});

it("revenue is whole millionths, of a token with more decimals too, and never more than was paid", () => {
  const paid = (amount: string, decimals: number) => {
    const { network, asset: address, payTo } = REQUIREMENTS;
    const asset = { address, decimals, name: "", version: "" };
    const offer = { scheme: "exact", network, symbol: "USDC", asset, transfer: "eip3009", payTo } as const;
    const route = { ...routeOf("GET /a", { price: "$0.01" }), offers: [offer] };
    return inMicroDollars(route, { network, asset: address, amount });
  };
  expect(paid("10000", 6)).toBe(10_000);
  expect(paid("10000000000000000", 18)).toBe(10_000);
  expect(paid("1999999999999", 18)).toBe(1);
  expect(paid("5", 2)).toBe(50_000);
});

it("a series is read back as it was written, and anything else is none", () => {
  const labels = { route: 'GET /a","b\n', method: "GET", status: "200" };
  expect(readSeries(counterSeries("requests_total", labels))).toEqual({
    kind: "counter",
    name: "requests_total",
    labels,
  });
  expect(readSeries(histogramSeries("redis_request_duration_seconds", {}, "+Inf"))).toEqual({
    kind: "histogram",
    name: "redis_request_duration_seconds",
    labels: {},
    part: "+Inf",
  });
  for (const other of [
    "",
    "{}",
    "[1]",
    '["toString"]',
    '["requests_total","a"]',
    '["request_duration_seconds"]',
  ])
    expect(readSeries(other)).toBeUndefined();
});

it("what a payment has earned, and how it ended, is counted once, however often the claim is told", () => {
  const words = Object.fromEntries(
    ["delivered", "broken", "abandoned"].map((name) => [name, () => undefined]),
  );
  const claim = { ...words, payment: { requirements: REQUIREMENTS } } as unknown as Claim;
  claim.settled = (receipt) => {
    claim.receipt = receipt;
  };
  const counted: string[] = [];
  const tally: Tally = {
    count: (name, labels) => void counted.push(`${name} ${Object.values(labels).slice(1)}`.trim()),
    time: () => undefined,
  };
  const call = { route: routeOf("GET /a"), waitUntil: () => undefined } as unknown as Call;
  watchClaim(call, claim, { sheet: { ...SHEET }, tally, flush: async () => undefined });
  const receipt = { success: true, transaction: TRANSACTION, network: "eip155:84532", payer: "0x1" } as const;
  for (let i = 0; i < 2; i++) claim.settled(receipt);
  claim.delivered();
  claim.broken();
  claim.abandoned();
  expect(counted).toEqual([
    "payment_stages_total settled",
    "payments_total success",
    "revenue_usd_total",
    "payment_stages_total delivered",
  ]);
});

it("a watcher that fails keeps no word on money from the claim", () => {
  const heard: string[] = [];
  const word = (name: string) => () => void heard.push(name);
  const words = Object.fromEntries(
    ["settled", "delivered", "broken", "abandoned"].map((name) => [name, word(name)]),
  );
  const claim = {
    ...words,
    payment: { requirements: { ...REQUIREMENTS, amount: "no number" } },
  } as unknown as Claim;
  const tally = { count: () => raise("count"), time: () => raise("time") };
  const call = { route: routeOf("GET /a"), waitUntil: () => raise("waitUntil") } as unknown as Call;
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  watchClaim(call, claim, { sheet: { ...SHEET }, tally, flush: () => raise("flush") });
  claim.settled({ success: true, transaction: TRANSACTION, network: "eip155:84532", payer: "0x1" });
  claim.delivered();
  claim.broken();
  claim.abandoned();
  expect(heard).toEqual(["settled", "delivered", "broken", "abandoned"]);
  expect(told).toHaveBeenCalledTimes(4);
});

function raise(what: string): never {
  throw new Error(what);
}
