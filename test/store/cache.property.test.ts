/**
 * Kept answers under random interleavings: what the real scripts answer is what the model says; nothing that was asked for
 * before a purge is found after it; nobody asks the upstream for all while another does; and nothing lives for ever.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { BACKENDS } from "../bridge/backends.ts";
import { type Ask, CacheModel, EVERYTHING, type Headers } from "./cache-model.ts";
import { type Asked, type Play, playOn } from "./cache-player.ts";

const BEGIN = 1_790_000_000_000;
/** Beyond what a history takes of real time, so that no key ends on the way. */
const UNIT_MS = 60_000;
/** The first Redis carries the weight; the other must only not differ. */
const runsOn = (backend: string) => (backend === BACKENDS[0] ? 8000 : 500);

const owner = fc.constantFrom("A", "B", "C");
const value = fc.constantFrom<string | undefined>(undefined, undefined, "x", "y", "", "\0", "ü\u2028");
const headers: fc.Arbitrary<Headers> = fc
  .record({ a: value, b: value })
  .map((given) =>
    Object.entries(given).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    ),
  );
const units = fc.constantFrom(0, 1, 2, 4).map((count) => count * UNIT_MS);
const tag = fc.constantFrom("t1", "t2", EVERYTHING);
/** How long ago it was asked for. */
const someAnswer = fc.record({
  ask: fc.constant("keep"),
  owner,
  headers,
  ago: fc.constantFrom(0, 0, 1, 1, 2, 3),
  freshMs: units,
  keepMs: units,
  vary: fc.constantFrom<string[][]>([], [], ["a"], ["b"], ["b", "a"]),
  tags: fc.constantFrom<string[][]>([EVERYTHING], [EVERYTHING, "t1"], [EVERYTHING, "t1", "t2"]),
  isUpdate: fc.constantFrom(false, false, true),
});
const other = fc.oneof<fc.WeightedArbitrary<Exclude<Ask, { ask: "keep" | "body" }>>[]>(
  {
    weight: 6,
    arbitrary: fc.record({
      ask: fc.constant("look"),
      owner,
      leaseMs: fc.constantFrom(UNIT_MS, UNIT_MS, 0),
      anew: fc.constantFrom(false, false, true),
      headers,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ask: fc.constant("lease"),
      owner,
      headers,
      leaseMs: fc.constantFrom(0, UNIT_MS),
      aloneMs: fc.constantFrom(0, UNIT_MS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ask: fc.constant("purge") }) },
  { weight: 1, arbitrary: fc.record({ ask: fc.constant("purgeTag"), tag }) },
);
const body = fc.record({ ask: fc.constant("body"), headers });
const step = fc.record({
  wait: fc.constantFrom(0, 0, 1, UNIT_MS / 2, UNIT_MS),
  some: fc.oneof({ weight: 4, arbitrary: someAnswer }, { weight: 9, arbitrary: other }, body),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The history that comes of the steps, and what the model says to each. */
function told(steps: readonly Step[]) {
  const model = new CacheModel();
  const times: number[] = [];
  let at = BEGIN;
  return steps.map(({ wait, some }, i) => {
    at += wait;
    times.push(at);
    const variant = "headers" in some ? model.variantOf(some.headers) : "";
    const was = model.answers.get(variant)?.version ?? "none";
    let ask: Ask;
    if (some.ask === "body") ask = { ...some, version: was };
    else if (some.ask === "keep") {
      const { isUpdate, ago, ...rest } = some;
      const since = times[Math.max(0, times.length - 1 - ago)] ?? at;
      ask = { ...rest, since, version: `v${i}`, was, body: isUpdate ? undefined : `body ${i}` };
    } else ask = some;
    const asked: Asked = { ask, at, variant };
    return { ...asked, expected: model.answer(ask, at) };
  });
}

describe.each(BACKENDS)("the scripts of kept answers on the %s Redis", (backend) => {
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

  it("answer any question in any order as the model does; no purged answer is found; no two lead; all of it ends", async () => {
    const seen = new Set<string>();
    const steps = fc.array(step, { minLength: 4, maxLength: 40, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        if (!player) throw new Error("Redis has not started");
        const history = told(steps);
        const { replies, lives } = await player.play(history);
        expect(witness(history, replies)).toEqual([]);
        expect(replies).toEqual(history.map(({ expected }) => expected));
        expect(lives.filter((life) => life === -1)).toEqual([]);
        for (const [i, { ask }] of history.entries()) {
          const reply = replies[i];
          seen.add(
            ask.ask === "look" && reply
              ? `look ${reply[1]} ${reply[3] !== ""}`
              : `${ask.ask} ${kindOf(reply)}`,
          );
        }
      }),
      { numRuns: runsOn(backend) },
    );
    // The histories are worth something only if they get everywhere.
    expect([...seen]).toEqual(expect.arrayContaining(EVERYWHERE));
  }, 120_000);
});

const EVERYWHERE = [
  ...["look none true", "look lead true", "look lead false", "look follow true", "look follow false"],
  ...[
    "look alone true",
    "look alone false",
    "keep 1",
    "keep 0",
    "lease 1",
    "lease 0",
    "body some",
    "body nothing",
  ],
];

function kindOf(reply: unknown): string {
  return reply === "1" || reply === "0" ? reply : reply === undefined ? "nothing" : "some";
}

/** What must hold whatever a model says: looks at questions and replies only. */
function witness(history: readonly Asked[], replies: readonly unknown[]): string[] {
  const broken: string[] = [];
  const kept = new Map<string, { since: number; tags: string[] }>();
  const purges = new Map<string, number>();
  let leads: { owner: string; variant: string; since: number; until: number }[] = [];
  for (const [i, { ask, at, variant }] of history.entries()) {
    const reply = replies[i];
    const purgedSince = (since: number, tags: string[]) =>
      ["key", ...tags].some((name) => (purges.get(name) ?? 0) >= since);
    if (ask.ask === "purge") purges.set("key", at);
    if (ask.ask === "purgeTag") purges.set(ask.tag, at);
    if (ask.ask === "keep") {
      leads = leads.filter((one) => one.owner !== ask.owner || one.variant !== variant);
      if (reply !== "1") continue;
      if (purgedSince(ask.since, ask.tags)) broken.push(`${i}: kept what was purged`);
      kept.set(ask.version, ask);
    }
    if (ask.ask === "lease" && reply === "1") {
      const [mine] = leads.filter((one) => one.owner === ask.owner && one.variant === variant);
      if (mine) mine.until = ask.leaseMs > 0 ? at + ask.leaseMs : at;
    }
    if (ask.ask !== "look" || !Array.isArray(reply)) continue;
    const [of, turn, , version] = reply;
    const found = kept.get(version);
    if (found && purgedSince(found.since, found.tags)) broken.push(`${i}: found what was purged`);
    if (turn !== "lead") continue;
    const live = leads.filter((one) => one.until > at && !purgedSince(one.since, [EVERYTHING]));
    if (live.some((one) => one.variant === of && one.owner !== ask.owner)) broken.push(`${i}: two lead`);
    leads = leads.filter((one) => one.variant !== of);
    leads.push({ owner: ask.owner, variant: of, since: at, until: at + ask.leaseMs });
  }
  return broken;
}
