import { expect, it } from "vitest";
import type { Finding, Probe } from "../../src/core/ready.ts";
import { conditionOf, describeReadiness, makeReady } from "../../src/health/ready.ts";

const forNobody = () => undefined;
const finding = (of: Finding["of"], condition: Finding["condition"], name = "a"): Finding => ({
  of,
  name,
  condition,
});

it.each<[string, Finding[], string]>([
  [
    "everything answers",
    [finding("store", "ok"), finding("facilitator", "ok"), finding("upstream", "ok")],
    "ok",
  ],
  ["nothing is needed", [], "ok"],
  ["one of two stores is down", [finding("store", "ok"), finding("store", "down")], "down"],
  [
    "one of two facilitators is down",
    [finding("facilitator", "ok"), finding("facilitator", "down")],
    "degraded",
  ],
  ["the only facilitator is down", [finding("store", "ok"), finding("facilitator", "down")], "down"],
  ["one of two upstreams is down", [finding("upstream", "down"), finding("upstream", "ok")], "degraded"],
  ["some targets are out", [finding("upstream", "degraded")], "degraded"],
  ["every upstream is down", [finding("upstream", "down"), finding("upstream", "down")], "down"],
])("calls are kept away only when nothing could be sold: %s", (_, findings, condition) => {
  expect(conditionOf(findings)).toBe(condition);
});

it("however many ask, everything is asked once in ten seconds, or in two while something is missing", async () => {
  let now = 0;
  let asked = 0;
  let condition: Finding["condition"] = "ok";
  const probe: Probe = async () => {
    asked += 1;
    return [finding("store", condition)];
  };
  const ready = makeReady([probe], () => now);
  for (const [at, expected] of [
    [0, 1],
    [1, 1],
    [9999, 1],
    [10_000, 2],
  ] as const) {
    now = at;
    await ready(forNobody);
    expect([at, asked]).toEqual([at, expected]);
  }
  condition = "down";
  now = 20_000;
  expect((await ready(forNobody))?.condition).toBe("down");
  now = 21_999;
  await ready(forNobody);
  expect(asked).toBe(3);
  condition = "ok";
  now = 22_000;
  expect((await ready(forNobody))?.condition).toBe("ok");
});

it("who asks while it is being found out waits for nobody, and somebody else asks if that was cut off", async () => {
  let now = 0;
  let asked = 0;
  const probe: Probe = () => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const ready = makeReady([probe], () => now);
  void ready(forNobody);
  expect(describeReadiness(await ready(forNobody), false)).toEqual({
    status: 503,
    body: { status: "starting" },
  });
  now = 10_000;
  void ready(forNobody);
  expect(asked).toBe(2);
});

it("what is being found out is found out for all, also when who has asked first is gone", async () => {
  let answer: (findings: Finding[]) => void = () => undefined;
  const ready = makeReady([() => new Promise((resolve) => (answer = resolve))], () => 0);
  const kept: Promise<unknown>[] = [];
  void ready((work) => kept.push(work));
  answer([finding("store", "ok")]);
  await Promise.all(kept);
  expect(kept).toHaveLength(1);
  expect((await ready(forNobody))?.condition).toBe("ok");
});

it("strangers learn no name and no reason, the operator both", () => {
  const findings: Finding[] = [
    { of: "upstream", name: "secret-api", condition: "degraded", reason: "1 of 2" },
  ];
  const readiness = { condition: "degraded", findings, at: 0 } as const;
  expect(describeReadiness(readiness, false)).toEqual({
    status: 200,
    body: { status: "degraded", checks: { upstream: "degraded" }, checkedAt: "1970-01-01T00:00:00.000Z" },
  });
  expect(describeReadiness(readiness, true).body).toMatchObject({ findings });
});
