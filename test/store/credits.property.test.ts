/**
 * Prepaid credits under random interleavings, with messages that are lost, repeated, or arrive after the giving back of
 * what they ask for: what was granted is what is left and what was served, and no call is served without a credit.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { BACKENDS } from "../bridge/backends.ts";
import { type Ask, CreditModel } from "./credit-model.ts";
import { ACCOUNTS, type Asked, type Play, playOn } from "./credit-player.ts";

const BEGIN = 1_790_000_000_000;
/** The first Redis carries the weight; the other must only not differ. */
const runsOn = (backend: string) => (backend === BACKENDS[0] ? 4000 : 300);

const account = fc.constantFrom(...ACCOUNTS);
const token = fc.constantFrom("t1", "t1", "t2", "");
const draw = fc.constantFrom("d1", "d2", "d3", "d4");
const anyAsk = fc.oneof<fc.WeightedArbitrary<Ask>[]>(
  {
    weight: 3,
    arbitrary: fc.record({
      ask: fc.constant("grant"),
      account,
      spend: fc.constantFrom("p1", "p2", "p3"),
      credits: fc.nat(2),
      token: fc.constantFrom("t1", "t2", ""),
    }),
  },
  { weight: 6, arbitrary: fc.record({ ask: fc.constant("draw"), account, draw, token }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.constant("giveBack"),
      draw,
      accounts: fc.constantFrom(["A"], ["B"], ACCOUNTS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ask: fc.constant("revoke"), account }) },
);

/** What becomes of one call: `late` is a drawing that arrives after it was given up. */
const someCall = fc.record({
  account,
  token: fc.constantFrom("t", ""),
  fate: fc.constantFrom("served", "served", "failed", "lost", "late", "never"),
  repeats: fc.boolean(),
  begins: fc.nat(100),
  lasts: fc.integer({ min: 1, max: 100 }),
});
const someGrant = fc.record({
  account,
  credits: fc.nat(6),
  at: fc.nat(100),
  repeats: fc.array(fc.nat(200), { maxLength: 2 }),
});
type SomeCall = typeof someCall extends fc.Arbitrary<infer T> ? T : never;

/** The messages of a call, each with its place in time; the isolate hears only replies of a call that is not lost. */
function messagesOf({ account, token, fate, repeats, begins, lasts }: SomeCall, index: number) {
  const id = `draw-${index}`;
  const ends = begins + lasts;
  const drawn = (at: number) => ({ at, ask: { ask: "draw", account, draw: id, token } as const });
  const back = (at: number) => ({ at, ask: { ask: "giveBack", draw: id, accounts: [account] } as const });
  const drawings = repeats ? [drawn(begins), drawn(begins + 0.5)] : [drawn(begins)];
  const backs = repeats ? [back(ends), back(ends + 0.5)] : [back(ends)];
  switch (fate) {
    case "served":
      return drawings;
    case "failed":
    case "lost":
      return [...drawings, ...backs];
    case "late":
      return [back(begins), drawn(ends), ...(repeats ? [back(ends + 0.5)] : [])];
    case "never":
      return backs;
  }
}

describe.each(BACKENDS)("the scripts on the %s Redis", (backend) => {
  let redis: RunningRedis | undefined;
  let player: { play: Play; close: () => void } | undefined;
  beforeAll(async () => {
    redis = await startRedis({ prefer: backend });
    player = await playOn(redis);
  });
  afterAll(async () => {
    player?.close();
    await redis?.close();
  });
  const play: Play = (history) => {
    if (!player) throw new Error("Redis has not started");
    return player.play(history);
  };

  it("answer any question in any order as the model does, and leave as many credits", async () => {
    const seen = new Set<string>();
    const history = fc.array(fc.record({ ask: anyAsk, wait: fc.constantFrom(0, 0, 0, 1, 400, 1000) }), {
      minLength: 3,
      maxLength: 30,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const model = new CreditModel();
        let at = BEGIN;
        const asked = steps.map(({ ask, wait }) => {
          at += wait;
          return { ask, at, expected: model.answer(ask, at) };
        });
        const { replies, left } = await play(asked);
        expect(replies).toEqual(asked.map(({ expected }) => expected));
        for (const name of ACCOUNTS) expect(left[name]).toBe(model.accounts.get(name)?.left ?? 0);
        for (const [i, { ask }] of asked.entries()) seen.add(`${ask.ask} ${replies[i] ? "yes" : "no"}`);
      }),
      { numRuns: runsOn(backend) },
    );
    // The histories are worth something only if they get everywhere.
    expect([...seen]).toEqual(expect.arrayContaining(EVERYTHING));
  }, 120_000);

  it("what was granted is what is left and what was served, whatever is lost, repeated or late", async () => {
    let [served, refused] = [0, 0];
    const calls = fc.array(someCall, { minLength: 1, maxLength: 20, size: "max" });
    const grants = fc.array(someGrant, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(calls, grants, async (calls, grants) => {
        const granting = grants.flatMap(({ account, credits, at, repeats }, i) =>
          [at, ...repeats.map((later) => at + later)].map((at) => ({
            at,
            ask: { ask: "grant", account, spend: `spend-${i}`, credits, token: "t" } as const,
          })),
        );
        const sent = [...granting, ...calls.flatMap(messagesOf)].sort((a, b) => a.at - b.at);
        // All within the life of the credits.
        const history: Asked[] = sent.map(({ ask }) => ({ ask, at: BEGIN }));
        const { replies, left } = await play(history);
        for (const name of ACCOUNTS) {
          const granted = sum(grants.filter((one) => one.account === name).map(({ credits }) => credits));
          const mine = calls.flatMap((call, i) =>
            call.fate === "served" && call.account === name ? [`draw-${i}`] : [],
          );
          const gone = mine.filter((id) =>
            sent.some(({ ask }, i) => ask.ask === "draw" && ask.draw === id && replies[i] !== undefined),
          );
          expect((left[name] ?? 0) + gone.length).toBe(granted);
          served += gone.length;
          refused += mine.length - gone.length;
        }
        for (const reply of replies) if (Array.isArray(reply)) expect(reply[0]).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: runsOn(backend) },
    );
    expect(Math.min(served, refused)).toBeGreaterThan(runsOn(backend) / 10);
  }, 120_000);
});

/** Every question, with an answer and without. */
const EVERYTHING = ["grant", "draw", "giveBack", "revoke"]
  .flatMap((ask) => [`${ask} yes`, `${ask} no`])
  .filter((seen) => seen !== "grant no");

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
