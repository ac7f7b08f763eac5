/**
 * The ledger under random interleavings of several payments, with isolates that die, messages that are lost, repeated and
 * late, and midnight in between: receipts, sums and what is owed are what the payments' records say, each once.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { toEntry, toSums } from "../../src/stores/ledger-read.ts";
import { BACKENDS } from "../bridge/backends.ts";
import { type Left, type Play, playLedgerOn } from "./ledger-player.ts";
import { type Step, Story, WAITS_MS } from "./record-isolates.ts";

const runsOn = (backend: string) => (backend === BACKENDS[0] ? 3000 : 200);
const TIMEOUT_MS = 120_000;

const fate = fc.constantFrom("arrives", "arrives", "arrives", "arrives", "lost", "repeated", "echoes");
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("present"),
      fp: fc.constant("a"),
      inTime: fc.constantFrom(true, true, true, false),
      fate,
      repeats: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("act"), who: fc.nat(7), choice: fc.nat(44), fate }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.constantFrom(...WAITS_MS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("late"), which: fc.nat(7) }) },
);
const present: Step = { do: "present", fp: "a", inTime: true, fate: "arrives", repeats: false };
const act = (choice: number): Step => ({ do: "act", who: 0, choice, fate: "arrives" });
/** Settled at the first presentation; every answer breaks off. */
const BREAKS: Step[] = [present, act(0), act(2), present, act(2), present, act(2)];
const steps = fc.oneof<fc.WeightedArbitrary<Step[]>[]>(
  { weight: 9, arbitrary: fc.array(step, { minLength: 3, maxLength: 15, size: "max" }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(BREAKS.length), fc.array(step, { maxLength: 6 }))
      .map(([at, between]) => [...BREAKS.slice(0, at), ...between, ...BREAKS.slice(at)]),
  },
);
const payments = fc.array(
  fc.record({
    amount: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    route: fc.constantFrom("GET /a", "GET /b/:id"),
    steps,
  }),
  { minLength: 1, maxLength: 4 },
);

describe.each(BACKENDS)("the ledger on the %s Redis", (backend) => {
  let redis: RunningRedis | undefined;
  let player: { play: Play; close: () => void } | undefined;
  beforeAll(async () => {
    redis = await startRedis({ prefer: backend, strict: true });
    player = await playLedgerOn(redis);
  });
  afterAll(async () => {
    player?.close();
    await redis?.close();
  });

  it(
    "has each settled payment once, in the state and with the amount of its record, and nothing else",
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(payments, fc.nat(3000), async (sold, beforeMidnight) => {
          const histories = sold.map(({ amount, route, steps }) => {
            const story = new Story();
            for (const each of steps) story.take(each);
            return { amount, route, sent: story.sent };
          });
          const left = await player?.play(histories, beforeMidnight);
          if (!left) throw new Error("Redis has not started");
          agrees(left, sold, seen);
        }),
        { numRuns: runsOn(backend) },
      );
      // The histories are worth something only if they get everywhere.
      expect([...seen].sort()).toEqual(["broken", "delivered", "later", "owed"]);
    },
    TIMEOUT_MS,
  );
});

function agrees(left: Left, sold: { amount: bigint; route: string }[], seen: Set<string>): void {
  const entries = left.days.flatMap(({ name, lines }) => lines.map((line, i) => toEntry(line, name, i)));
  const settled = left.records.flatMap((record, i) => (record.state === "settled" ? [{ record, i }] : []));
  expect(entries.map(({ spend }) => spend).sort()).toEqual(settled.map(({ i }) => `spend-${i}`).sort());
  for (const { record, i } of settled) {
    const entry = entries.find(({ spend }) => spend === `spend-${i}`);
    const over = Number(record.broken ?? 0) >= 3 ? "broken" : "delivered";
    expect(entry).toMatchObject({
      status: record.done === "1" ? expect.stringMatching(/^(?:delivered|broken)$/) : "owed",
      amount: sold[i]?.amount,
      route: sold[i]?.route,
      transaction: JSON.parse(record.receipt ?? "").transaction,
    });
    // What was delivered can break off no more, but an answer that broke off before may be delivered later.
    if (entry?.status === "broken") expect(over).toBe("broken");
    expect(new Date(entry?.settledAt ?? 0).toISOString().slice(0, 10)).toBe(entry?.day);
    if (entry) seen.add(entry.status);
    if (entry?.endedAt && new Date(entry.endedAt).toISOString().slice(0, 10) !== entry.day) seen.add("later");
  }
  const sums = left.days.flatMap(({ name, sums }) => toSums(sums, name));
  for (const { day, route, ...sum } of sums) {
    const own = entries.filter((entry) => entry.day === day && entry.route === route);
    expect(sum).toMatchObject({
      receipts: own.length,
      delivered: own.filter(({ status }) => status === "delivered").length,
      broken: own.filter(({ status }) => status === "broken").length,
      amount: own.reduce((total, { amount }) => total + amount, 0n),
    });
  }
  expect(sums.reduce((total, { receipts }) => total + receipts, 0)).toBe(entries.length);
  const owed = entries.filter(({ status }) => status === "owed").map(({ day, index }) => `${day} ${index}`);
  expect(left.owed.sort()).toEqual(owed.sort());
}
