/** One limit at many instances: the count is the store's, so it does not matter which of them a call lands on. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "./ask.ts";
import { AT_MOST, type Run } from "./bounds.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { crowd } from "./crowd.ts";

const CALLS = 10_000;
const LIMIT = 1000;
const TOGETHER = 64;
/** The bucket drips once a minute; see the fixture's configuration. */
const DRIPS_PER_HOUR = 60;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(6);
  cluster.upstream.slowestMs = 0;
});
afterAll(() => cluster?.close());

/** What an answer of a limited call comes to; anything else is told in full. */
async function outcomeOf(answer: IncomingMessage): Promise<string> {
  const body = await text(answer);
  const { "retry-after": after, ratelimit = "", "ratelimit-policy": policy = "" } = answer.headers;
  const told =
    /^"default";q=\d+;w=3600$/.test(String(policy)) && /^"default";r=\d+;t=\d+$/.test(String(ratelimit));
  if (answer.statusCode === 200 && told && after === undefined) return "passed";
  const refused = body.includes('"rate_limited"') && /^"default";r=0;/.test(String(ratelimit));
  const wait = Number(after);
  if (answer.statusCode === 429 && told && refused && wait >= 1 && wait <= 3600) return "refused";
  return `${answer.statusCode} ${JSON.stringify(answer.headers)} ${body}`;
}

const BOUNDS = {
  "sliding-window": (run: Run) => AT_MOST["sliding-window"](run, LIMIT),
  "fixed-window": (run: Run) => AT_MOST["fixed-window"](run, LIMIT),
  "token-bucket": (run: Run) => AT_MOST["token-bucket"](run, DRIPS_PER_HOUR, LIMIT),
};

/** 10,000 calls of one client. */
async function rush(algorithm: string, client: string): Promise<{ outcomes: string[]; run: Run }> {
  const call = async () => {
    const url = `${cluster.anyUrl()}/crowded/${algorithm}?payment=${client}`;
    return outcomeOf(await ask(url, { "x-client": client }));
  };
  const began = Date.now();
  const outcomes = await crowd(CALLS, TOGETHER, call);
  return { outcomes, run: { began, ended: Date.now() } };
}

describe.each(Object.entries(BOUNDS))(
  "%s: 10,000 calls of one client at random instances",
  (algorithm, bound) => {
    const client = randomUUID();
    let rushed: Awaited<ReturnType<typeof rush>>;
    beforeAll(async () => {
      rushed = await rush(algorithm, client);
    }, 180_000);

    it("at least the limit passes, and at most what the algorithm promises", () => {
      const passed = rushed.outcomes.filter((outcome) => outcome === "passed").length;
      expect(passed).toBeGreaterThanOrEqual(LIMIT);
      expect(passed).toBeLessThanOrEqual(bound(rushed.run));
      expect(cluster.upstream.runs.get(client)?.started).toBe(passed);
    });

    it("every other call is told 429, Retry-After and RateLimit: nothing else happens", () => {
      expect(rushed.outcomes.filter((outcome) => !["passed", "refused"].includes(outcome))).toEqual([]);
    });

    it("another client has a count of its own", async () => {
      const url = `${cluster.anyUrl()}/crowded/${algorithm}`;
      expect(await outcomeOf(await ask(url, { "x-client": randomUUID() }))).toBe("passed");
    });
  },
);

/** Headers of a call from another place each time: what Cloudflare vouches for, and what anybody could write. */
function from(index: number): OutgoingHttpHeaders {
  const address = `203.0.113.${index}`;
  return { "cf-connecting-ip": address, "x-forwarded-for": address, forwarded: `for=${address}` };
}

/** One call at each instance after the other, twice around: status and what is left. */
async function askAround(path: string, headersOf: (index: number) => Promise<OutgoingHttpHeaders>) {
  const states: string[] = [];
  for (const [index, url] of [...cluster.urls(), ...cluster.urls()].entries()) {
    const answer = await ask(url + path, await headersOf(index));
    await text(answer);
    states.push(`${answer.statusCode} ${/r=\d+/.exec(String(answer.headers.ratelimit))}`);
  }
  return states;
}

/** A payment for a limited call, on a call from another place each time. */
const payFrom = async (index: number, privateKey: Hex) => ({
  ...from(index),
  "payment-signature": (await cluster.sign("/crowded/payer", privateKey)).header,
});
const paidBy = (privateKey: Hex) => cluster.ledger.paidBy(privateKeyToAddress(privateKey)).length;

describe("at different instances", () => {
  it("one payer has one count, wherever the calls come from", async () => {
    const privateKey = generatePrivateKey();
    const states = await askAround("/crowded/payer", (index) => payFrom(index, privateKey));
    expect(states).toEqual(["200 r=2", "200 r=1", "200 r=0", ...Array(9).fill("429 r=0")]);
    expect(paidBy(privateKey)).toBe(3);
  });

  it("of 30 payments that one payer makes at once, as many are settled as the limit says", async () => {
    const privateKey = generatePrivateKey();
    const calls = await Promise.all(Array.from({ length: 30 }, (_, index) => payFrom(index, privateKey)));
    const outcomes = await Promise.all(
      calls.map(async (headers) => outcomeOf(await ask(`${cluster.anyUrl()}/crowded/payer`, headers))),
    );
    expect(outcomes.sort()).toEqual([...Array(3).fill("passed"), ...Array(27).fill("refused")]);
    expect(paidBy(privateKey)).toBe(3);
  });

  it("one address has one count, whatever the forwarding headers of its calls claim", async () => {
    const headers = async (index: number) => ({ ...from(index), "cf-connecting-ip": "127.0.0.1" });
    const states = await askAround("/crowded/address", headers);
    const passed = [4, 3, 2, 1, 0].map((left) => `200 r=${left}`);
    expect(states).toEqual([...passed, ...Array(7).fill("429 r=0")]);
  });
});
