/**
 * The payment record under random interleavings, crashes, lost, repeated and late messages, and leases that end: what
 * the real scripts answer is what the model says, and no payment is settled twice, given out twice, or lost.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { BACKENDS } from "../bridge/backends.ts";
import { type Fate, type Step, Story, WAITS_MS } from "./record-isolates.ts";
import { type Ask, RecordModel } from "./record-model.ts";
import { type Play, playOn } from "./record-scripts.ts";
import { Witness } from "./record-witness.ts";

/** The first Redis carries the weight; the other must only not differ. */
const runsOn = (backend: string) => (backend === BACKENDS[0] ? 15_000 : 1000);
/** How long a payment that was let go is known to be valid, ms: none of what holds may depend on it. */
const KNOWN_TO_BE_GOOD = [0, 1_000_000_000];
const CASES = BACKENDS.flatMap((backend) => KNOWN_TO_BE_GOOD.map((goodMs) => ({ backend, goodMs })));
const TIMEOUT_MS = 120_000;

const fate = fc.oneof<fc.WeightedArbitrary<Fate>[]>(
  { weight: 5, arbitrary: fc.constant("arrives") },
  { weight: 1, arbitrary: fc.constantFrom("lost", "repeated", "echoes") },
);
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("present"),
      fp: fc.constantFrom("a", "a", "a", "b"),
      inTime: fc.constantFrom(true, true, true, false),
      fate,
      repeats: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("act"), who: fc.nat(7), choice: fc.nat(44), fate }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.constantFrom(...WAITS_MS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("late"), which: fc.nat(7) }) },
);

const owner = fc.constantFrom("A", "B", "C");
const anyAsk = fc.oneof<fc.Arbitrary<Ask>[]>(
  fc.record({ ask: fc.constant("claim"), owner, fp: fc.constantFrom("a", "a", "b"), create: fc.boolean() }),
  fc.record({
    ask: fc.constant("change"),
    owner,
    to: fc.constantFrom("settled", "failed", "unknown", "renewed", "delivered", "abandoned", "broken"),
    receipt: fc.constantFrom("", "", '"tx 1"', '"tx 2"'),
  }),
);

describe.each(CASES)("the scripts on the $backend Redis, good for $goodMs ms", ({ backend, goodMs }) => {
  let redis: RunningRedis | undefined;
  let player: { play: Play; close: () => void } | undefined;
  beforeAll(async () => {
    redis = await startRedis({ prefer: backend });
    player = await playOn(redis, goodMs);
  });
  afterAll(async () => {
    player?.close();
    await redis?.close();
  });
  const play: Play = (history) => {
    if (!player) throw new Error("Redis has not started");
    return player.play(history);
  };
  const parameters = { numRuns: runsOn(backend) };

  it(
    "never settle a payment twice, give it out twice, let two owners live, or lose what was settled",
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40, size: "max" }), async (steps) => {
          const story = new Story();
          for (const each of steps) story.take(each);
          const { replies, left } = await play(story.sent);
          const witness = new Witness();
          for (const [i, sent] of story.sent.entries()) {
            const reply = replies[i] ?? "0";
            witness.see(sent, reply, story.moved !== undefined && story.moved.after <= i);
            seen.add(sent.ask.ask === "claim" ? String(reply[0]) : `${sent.ask.to} ${reply}`);
          }
          witness.close(left);
          expect(witness.broken).toEqual([]);
          expect(replies).toEqual(story.expected);
          expect(left.state).toBe(story.model.fields?.state);
        }),
        parameters,
      );
      // The histories are worth something only if they get everywhere.
      expect([...seen]).toEqual(expect.arrayContaining(EVERYTHING));
    },
    TIMEOUT_MS,
  );

  it(
    "answer any question in any order as the model does, and leave the same record",
    async () => {
      const history = fc.array(fc.record({ ask: anyAsk, wait: fc.constantFrom(0, ...WAITS_MS) }), {
        maxLength: 25,
      });
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const model = new RecordModel();
          let at = 1_790_000_000_000;
          const asked = steps.map(({ ask, wait }) => {
            at += wait;
            return { ask, at, expected: model.answer(ask, at) };
          });
          const { replies, left } = await play(asked);
          expect(replies).toEqual(asked.map(({ expected }) => expected));
          const { state, fp, owner: holder, lease, receipt = "", done = "0", broken = "0" } = left;
          const { fields } = model;
          expect({ state, fp, owner: holder, lease: lease && Number(lease) }).toEqual({
            state: fields?.state,
            fp: fields?.fp,
            owner: fields?.owner,
            lease: fields?.lease,
          });
          expect([receipt, done, broken]).toEqual([
            fields?.receipt ?? "",
            fields?.done ? "1" : "0",
            String(fields?.broken ?? 0),
          ]);
        }),
        { numRuns: parameters.numRuns / 5 },
      );
    },
    TIMEOUT_MS,
  );
});

/** Every kind of reply to a claim, and every change that such isolates get accepted or refused. */
const EVERYTHING = [
  ...["claimed", "absent", "busy", "conflict", "paid", "used", "failed", "doubt"],
  ...["settled 1", "failed 1", "unknown 1", "renewed 1", "delivered 1", "abandoned 1", "broken 1"],
  ...["renewed 0", "delivered 0", "abandoned 0"],
];
