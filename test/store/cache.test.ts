/** Kept answers in front of a real store: what is found, what never comes back, and what keeps a key from growing. */
import { describe, expect, it } from "vitest";
import type { Keeping, Lookup, Selecting } from "../../src/core/kept.ts";
import { cacheStore } from "../../src/stores/cache.ts";
import { connect } from "../../src/stores/redis.ts";
import { describeBackends, type Harness, postJson } from "../bridge/backends.ts";
import { livesOf, serverTime } from "./payment-record.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_FIELDS = 512;
const ENTRY: Keeping["entry"] = {
  status: 200,
  headers: [["content-type", "text/plain"]],
  encoding: "text",
  size: 4,
  lifetime: { age: 0, fresh: 3600, whileRevalidate: 0, ifError: 0, strict: false },
  shared: true,
};

/** The store of one isolate. */
function storeOf({ redis: { url, token } }: Harness) {
  const run = connect({ url, token, prefix: "test", timeoutMs: 5000 });
  const store = cacheStore(run, { prefix: "test", secret: "s" });
  const look = (selecting: Selecting = [], more: Partial<Lookup> = {}) =>
    store.lookAgain({
      key: "k",
      selecting,
      tags: ["*"],
      owner: crypto.randomUUID(),
      leaseMs: 10_000,
      anew: false,
      inline: undefined,
      ...more,
    });
  /** Asks, and keeps what comes. */
  const fetched = async (selecting: Selecting = [], more: Partial<Keeping> = {}) => {
    const { variant, now } = await look(selecting);
    return store.keep({
      key: "k",
      selecting,
      owner: "",
      variant,
      since: now + 1,
      freshMs: HOUR_MS,
      keepMs: HOUR_MS,
      vary: [],
      tags: ["*"],
      version: crypto.randomUUID(),
      entry: ENTRY,
      body: "body",
      ...more,
    });
  };
  return { ...store, look, fetched };
}

/** The fields of the one hash of answers. */
async function fieldsOf(of: Harness): Promise<string[]> {
  const { result: keys } = (await postJson(of.redis, "/", ["KEYS", "test:cache:?????*"])) as {
    result: string[];
  };
  const [key = ""] = keys.filter((name) => name !== "test:cache:purges");
  const { result } = (await postJson(of.redis, "/", ["HKEYS", key])) as { result: string[] };
  return result;
}
const answersOf = async (of: Harness) =>
  (await fieldsOf(of)).filter((field) => field.startsWith("m:")).length;

describeBackends("kept answers", { strict: true }, (of) => {
  it("of 300 who ask at once at two isolates one asks the upstream, and the others are told to wait", async () => {
    const stores = [storeOf(of), storeOf(of)];
    const replies = await Promise.all(Array.from({ length: 300 }, (_, i) => stores[i % 2]?.look()));
    const leaders = replies.filter((reply) => reply?.turn.kind === "lead");
    const waiting = replies.filter((reply) => reply?.turn.kind === "follow");
    expect([leaders.length, waiting.length]).toEqual([1, 299]);
  });

  it("a lease that is released, or whose time is over, frees the next one", async () => {
    const store = storeOf(of);
    const first = await store.look([], { owner: "first" });
    await store.release("k", first.variant, "stranger", 0);
    expect((await store.look()).turn.kind).toBe("follow");
    await store.release("k", first.variant, "first", 0);
    const { now } = await store.look([], { owner: "second", leaseMs: 30 });
    await expect.poll(() => serverTime(of), { interval: 5 }).toBeGreaterThanOrEqual(now + 30);
    expect((await store.look([], { owner: "third" })).turn.kind).toBe("lead");
    // Whoever has lost it does not take it back.
    await store.renew("k", first.variant, "second", 10_000);
    expect((await store.look([], { owner: "second" })).turn.kind).toBe("follow");
  });

  it("a purge is remembered for answers that come later, also under a key that nothing was kept under", async () => {
    const store = storeOf(of);
    const { now } = await store.look([], { leaseMs: 0 });
    await store.purge({ keys: ["k"], tags: [] });
    expect(await store.fetched([], { since: now })).toBe(false);
    await store.purge({ keys: [], tags: ["t:a"] });
    expect(await store.fetched([], { since: now, tags: ["*", "t:a"] })).toBe(false);
    expect((await store.look([], { leaseMs: 0 })).kept).toBeUndefined();
  });

  it("an older answer does not take the place of a newer one", async () => {
    const store = storeOf(of);
    const { now } = await store.look([], { leaseMs: 0 });
    expect(await store.fetched([], { since: now, body: "new" })).toBe(true);
    expect(await store.fetched([], { since: now - 1, body: "old" })).toBe(false);
    expect((await store.look()).kept?.body).toBe("new");
  });

  it("a body stays with the version it came with: no other is given it, and it is not kept on once that is gone", async () => {
    const store = storeOf(of);
    expect(await store.fetched([], { version: "v1", body: "one!" })).toBe(true);
    const { variant } = await store.look();
    expect(await store.body("k", variant, "v1")).toBe("one!");
    expect(await store.body("k", variant, "v2")).toBeUndefined();
    expect(await store.fetched([], { version: "v2", body: undefined, was: "v1" })).toBe(true);
    expect(await store.fetched([], { version: "v3", body: undefined, was: "v1" })).toBe(false);
    expect((await store.look()).kept).toMatchObject({ version: "v2", body: "one!" });
    await store.purge({ keys: ["k"], tags: [] });
    expect(await store.fetched([], { version: "v4", body: undefined, was: "v2" })).toBe(false);
  });

  it("of 30 answers to one URL the 24 youngest are kept", async () => {
    const store = storeOf(of);
    const { now } = await store.look([], { leaseMs: 0 });
    for (let i = 0; i < 30; i++) {
      expect(await store.fetched([["a", String(i)]], { vary: ["a"], since: now - 30 + i })).toBe(true);
    }
    expect(await answersOf(of)).toBe(24);
    const found = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => (await store.look([["a", String(i)]])).kept !== undefined),
    );
    expect(found).toEqual(Array.from({ length: 30 }, (_, i) => i >= 6));
  });

  it("answers that are told apart by more than 16 names are not kept, however the names come together", async () => {
    const store = storeOf(of);
    const names = Array.from({ length: 17 }, (_, i) => `name-${i}`);
    expect(await store.fetched([], { vary: names })).toBe(false);
    expect(await store.fetched([], { vary: names.slice(0, 10) })).toBe(true);
    expect(await store.fetched([], { vary: names.slice(9) })).toBe(false);
    expect((await store.look()).kept).toBeDefined();
  });

  it("once answers are told apart by more, those that were told apart by less are neither found nor there", async () => {
    const store = storeOf(of);
    await store.fetched([["a", "1"]], { vary: [] });
    await store.fetched([["a", "2"]], { vary: ["a"] });
    expect(await answersOf(of)).toBe(1);
    expect((await store.look([["a", "1"]])).kept).toBeUndefined();
    expect((await store.look([["a", "2"]])).kept).toBeDefined();
    expect((await fieldsOf(of)).filter((field) => /^[eb]:/.test(field)).length).toBe(2);
  });

  it("nothing is kept for longer than a purge is remembered, whatever it says", async () => {
    const store = storeOf(of);
    const { now } = await store.look([], { leaseMs: 0 });
    expect(await store.fetched([], { keepMs: 3650 * DAY_MS, freshMs: 1 })).toBe(true);
    await store.purge({ keys: [], tags: ["t:a"] });
    const lives = Object.values(await livesOf(of));
    expect(Math.max(...lives)).toBeLessThanOrEqual(31 * DAY_MS + 1000);
    expect(await store.fetched([], { since: now - HOUR_MS - 1000, keepMs: 3650 * DAY_MS })).toBe(false);
  });

  it("every key ends: of answers, of leases, of those who ask alone, of updates that came too late, of purges", async () => {
    const store = storeOf(of);
    const key = (name: string) => ({ key: name });
    await store.fetched([], key("kept"));
    await store.fetched([], { ...key("late"), body: undefined, was: "gone", vary: ["a"] });
    await store.look([], { ...key("led"), owner: "o" });
    const { variant } = await store.look([], { ...key("alone"), owner: "o" });
    await store.release("alone", variant, "o", 5000);
    await store.purge({ keys: ["purged"], tags: ["t:a"] });
    const lives = await livesOf(of);
    expect(Object.keys(lives).length).toBeGreaterThanOrEqual(6);
    expect(Object.entries(lives).filter(([, life]) => life <= 0)).toEqual([]);
  });

  it("header values that somebody makes up do not fill a key, and it recovers", async () => {
    const store = storeOf(of);
    await store.fetched([["a", "real"]], { vary: ["a"] });
    const looks = Array.from({ length: MOST_FIELDS + 100 }, (_, i) =>
      store.look([["a", `made up ${i}`]], { leaseMs: 1500, owner: "o" }),
    );
    const replies = await Promise.all(looks);
    expect((await fieldsOf(of)).length).toBeLessThanOrEqual(MOST_FIELDS);
    expect(replies.at(-1)?.turn.kind).toBe("alone");
    expect((await store.look([["a", "real"]])).kept?.body).toBe("body");
    const last = Math.max(...replies.map(({ now }) => now));
    await expect.poll(() => serverTime(of), { interval: 50, timeout: 5000 }).toBeGreaterThan(last + 1500);
    await store.fetched([["a", "real"]], { vary: ["a"] });
    expect((await fieldsOf(of)).length).toBeLessThan(10);
    expect((await store.look([["a", "made up 1"]])).turn.kind).toBe("lead");
  });

  describe.each([
    ["empty", ""],
    ["a zero", "a\0b"],
    ["half a pair", "a\ud800b"],
    ["a line that ends", "a\nb\r\nc"],
    ["65,536 characters", "x".repeat(65_536)],
    ["Lua", "]]..redis.call('FLUSHALL')..[["],
    ["a number of its own", "1790000000000"],
  ])("a value or a tag that is %s", (_, hostile) => {
    it("tells answers apart, is purged, and does no harm to others", async () => {
      const store = storeOf(of);
      const given: Selecting = [["a", hostile]];
      const tags = hostile === "" || hostile.includes("\n") ? ["*"] : ["*", hostile];
      expect(await store.fetched(given, { vary: ["a"], tags })).toBe(true);
      expect(await store.fetched([["a", "other"]], { vary: ["a"], body: "else" })).toBe(true);
      expect((await store.look(given)).kept?.body).toBe("body");
      expect((await store.look([["a", "other"]])).kept?.body).toBe("else");
      expect((await store.look([])).kept).toBeUndefined();
      await store.purge({ keys: [], tags: [hostile] });
      expect((await store.look(given)).kept === undefined).toBe(tags.length > 1);
      expect((await store.look([["a", "other"]])).kept?.body).toBe("else");
      expect(Object.values(await livesOf(of)).filter((life) => life <= 0)).toEqual([]);
    });
  });
});
