/** Kept answers at many instances: they know of each other's only by the store, and of a purge at once. */
import type { OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Intercept } from "../../src/bridge/intercept.ts";
import { start } from "../cli/process.ts";
import { ADMIN_TOKEN } from "../fixtures/tollbooth.config.ts";
import { ask } from "./ask.ts";
import { type Cluster, type Slot, startCluster } from "./cluster.ts";
import { type HeldUpstream, startHeldUpstream } from "./held-upstream.ts";

const FRESH = { "cache-control": "max-age=3600" };

let upstream: HeldUpstream;
let cluster: Cluster;
/** Who has asked the store about a kept answer so far. */
const askers = new Set<unknown>();
const intercept: Intercept = (request, next) => {
  for (const [, , , , purges, owner] of request.commands) {
    if (String(purges).endsWith(":cache:purges")) askers.add(owner);
  }
  return next();
};

beforeAll(async () => {
  upstream = await startHeldUpstream();
  cluster = await startCluster(6, { upstreamUrl: upstream.url, intercept });
});
beforeEach(() => askers.clear());
afterAll(async () => {
  await cluster?.close();
  await upstream?.close();
});

type Seen = { status: number | undefined; body: string; word: unknown; charged: boolean };

async function read(url: string, headers: OutgoingHttpHeaders = {}): Promise<Seen> {
  const answer = await ask(url, headers);
  const charged = "payment-response" in answer.headers;
  const word = answer.headers["x-cache-status"];
  return { status: answer.statusCode, body: await text(answer), word, charged };
}

/** That many calls, at all instances alike. */
function everywhere<T>(count: number, call: (url: string, index: number) => Promise<T>): Promise<T[]> {
  const urls = cluster.urls();
  return Promise.all(Array.from({ length: count }, (_, i) => call(urls[i % urls.length] ?? "", i)));
}

/** Resolves when so many have asked the store. */
const asking = (count: number) =>
  expect.poll(() => askers.size, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(count);

function slotOf(runtime: Slot["runtime"]): Slot {
  const slot = cluster.slots.find((one) => one.runtime === runtime && one.isUp());
  if (!slot) throw new Error(`no ${runtime} instance is up`);
  return slot;
}

describe("many who want the same, at six instances at once", () => {
  it("1,000 calls are served by one request to the upstream, and all get its answer", async () => {
    // An instance that has just started is slower than a store's timeout allows for so many.
    upstream.says.set("/warm", () => ({ headers: FRESH, body: "warm" }));
    for (const _ of [1, 2, 3]) await everywhere(600, (url) => read(`${url}/cache/patient/warm`));
    askers.clear();
    upstream.says.set("/crowd", (nth) => ({ headers: FRESH, body: `answer ${nth}`, until: asking(1000) }));
    const seen = await everywhere(1000, (url) => read(`${url}/cache/patient/crowd`));
    expect(upstream.asked("/crowd")).toBe(1);
    expect(seen.filter(({ status, body }) => status !== 200 || body !== "answer 1")).toEqual([]);
  }, 120_000);

  it.each(["paid", "late"])(
    "100 buyers are served by one request to the upstream, and each has paid once (%s)",
    async (how) => {
      const [path, route] = [`/sold-${how}`, `/cache/patient-${how}/sold-${how}`];
      upstream.says.set(path, (nth) => ({ headers: FRESH, body: `answer ${nth}`, until: asking(100) }));
      const sign = () => cluster.sign(route, generatePrivateKey());
      const payments = await Promise.all(Array.from({ length: 100 }, sign));
      askers.clear();
      const seen = await everywhere(100, (url, i) =>
        read(url + route, { "payment-signature": payments[i]?.header }),
      );
      const odd = seen.filter((one) => one.status !== 200 || one.body !== "answer 1" || !one.charged);
      expect([odd, upstream.asked(path)]).toEqual([[], 1]);
      const { transfers, repeats } = cluster.ledger;
      expect([payments.filter(({ id }) => transfers.has(id)).length, repeats]).toEqual([100, []]);
    },
    60_000,
  );

  it.each(["workers", "node"] as const)(
    "an instance of %s that dies while it asks for all is replaced by one other, within the default wait",
    async (runtime) => {
      const path = `/dying-${runtime}`;
      const forever = new Promise(() => undefined);
      upstream.says.set(path, (nth) => ({
        headers: FRESH,
        body: `answer ${nth}`,
        // The second takes long enough that others who do not wait for it would be seen.
        until: nth === 1 ? forever : sleep(400),
      }));
      const dying = slotOf(runtime);
      const lost = read(`${dying.url()}/cache/free${path}`).catch(() => "lost");
      await expect.poll(() => upstream.asked(path), { interval: 1 }).toBe(1);
      const others = cluster.urls().filter((url) => url !== dying.url());
      const waiting = Promise.all(
        Array.from({ length: 60 }, (_, i) => read(`${others[i % others.length]}/cache/free${path}`)),
      );
      await asking(61);
      expect(upstream.asked(path)).toBe(1);
      await dying.kill();
      expect(await lost).toBe("lost");
      const seen = await waiting;
      expect(upstream.asked(path)).toBe(2);
      expect(seen.filter(({ status, body }) => status !== 200 || body !== "answer 2")).toEqual([]);
      await dying.start();
    },
    60_000,
  );
});

it("what is kept is still there after every instance was replaced", async () => {
  upstream.says.set("/rolled", (nth) => ({ headers: FRESH, body: `answer ${nth}` }));
  const hits = async () => {
    const seen = await everywhere(6, (url) => read(`${url}/cache/free/rolled`));
    return seen.every(({ word, body }) => word === "HIT" && body === "answer 1");
  };
  await read(`${cluster.anyUrl()}/cache/free/rolled`);
  await expect.poll(hits).toBe(true);
  for (const slot of cluster.slots) {
    await slot.stop();
    await slot.start();
    expect(await hits()).toBe(true);
  }
  expect(upstream.asked("/rolled")).toBe(1);
}, 60_000);

describe("purges while 12 clients read at all instances without a pause", () => {
  /** Answers that stay, that are asked about, and that are handed out while they are. */
  const KINDS: Record<string, Record<string, string>> = {
    "/stays": FRESH,
    "/checked": { "cache-control": "max-age=1", etag: "" },
    "/stale": { "cache-control": "max-age=1, stale-while-revalidate=3600" },
  };
  const PATHS = Object.keys(KINDS);
  const SLOWEST_MS = 25;
  /** What the upstream says now, and what it said when the last purge was asked for that has been answered. */
  let [current, purged] = [0, 0];
  let running = true;
  const reads: (Seen & { path: string; least: number })[] = [];
  let readers: Promise<unknown>;

  async function readOn(url: string, index: number): Promise<void> {
    for (let turn = index; running; turn++) {
      const path = PATHS[turn % PATHS.length] ?? "";
      const least = purged;
      reads.push({ path, least, ...(await read(`${url}/cache/free${path}`)) });
    }
  }

  /** All of them have read everything again. */
  const reading = () => {
    const enough = reads.length + 3 * 12;
    return expect.poll(() => reads.length, { timeout: 30_000, interval: 2 }).toBeGreaterThan(enough);
  };

  beforeAll(() => {
    for (const [path, headers] of Object.entries(KINDS)) {
      upstream.says.set(path, (_, asked) => {
        const etag = "etag" in headers ? { etag: `"${current}"` } : {};
        const known = etag.etag !== undefined && asked["if-none-match"] === etag.etag;
        return {
          status: known ? 304 : 200,
          headers: { ...headers, ...etag, "cache-tag": "prices, other" },
          body: known ? "" : String(current),
          until: sleep(Math.random() * SLOWEST_MS),
        };
      });
    }
    readers = everywhere(12, readOn);
  });
  afterAll(() => {
    running = false;
    return readers;
  });

  const WISHES = {
    tag: { tags: ["prices"] },
    route: { routes: ["GET /cache/free/*"] },
    url: { urls: PATHS.map((path) => `http://api.example/cache/free${path}`) },
    all: { all: true },
  };
  const ARGS = {
    tag: ["--tag", "prices"],
    url: ["--url", ...PATHS.map((path) => `http://api.example/cache/free${path}`)],
  };

  async function byEndpoint(wish: keyof typeof WISHES): Promise<void> {
    const answer = await fetch(`${cluster.anyUrl()}/__tollbooth/cache/purge`, {
      method: "POST",
      body: JSON.stringify(WISHES[wish]),
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  }

  async function byCommand(wish: keyof typeof ARGS): Promise<void> {
    const config = ["--config", "test/fixtures/tollbooth.config.ts"];
    const command = start(["cache", "purge", ...ARGS[wish], ...config], { env: cluster.vars });
    expect([await command.exit, command.output.stderr]).toEqual([0, ""]);
  }

  async function rounds(count: number, purge: () => Promise<void>): Promise<void> {
    await reading();
    const first = reads.length;
    for (let round = 0; round < count; round++) {
      current += 1;
      const raised = current;
      await purge();
      purged = raised;
      await reading();
    }
    const seen = reads.slice(first);
    expect(seen.filter(({ status, body, least }) => status !== 200 || Number(body) < least)).toEqual([]);
    // The purges are worth something only if most answers were kept ones.
    for (const path of PATHS) {
      const words = seen.filter((one) => one.path === path).map(({ word }) => word);
      const kept = words.filter((word) => word === "HIT" || word === "STALE");
      expect(kept.length).toBeGreaterThan(words.length / 2);
    }
  }

  it.each(["tag", "route", "url", "all"] as const)(
    "by %s at one instance: whoever asks after that is answered, is not given what was there before",
    (wish) => rounds(30, () => byEndpoint(wish)),
    120_000,
  );

  it.each(["tag", "url"] as const)(
    "by %s with `tollbooth cache purge`: whoever asks after that has ended, is not given what was there before",
    (wish) => rounds(1, () => byCommand(wish)),
    120_000,
  );
});
