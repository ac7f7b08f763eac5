/** What it takes to price a call, in this process: processor time of the quote, and of the steps it is made of. */
import { load } from "../src/config/load.ts";
import type { Call } from "../src/core/call.ts";
import { hex } from "../src/core/hash.ts";
import type { Route } from "../src/core/route.ts";
import type { Facts } from "../src/pricing/facts.ts";
import { readJson } from "../src/pricing/json.ts";
import { makeQuote } from "../src/pricing/quote.ts";
import { fitting } from "../src/pricing/rules.ts";
import { compileMatch } from "../src/routing/match.ts";
import { chatOf, DIFFICULT } from "./bodies.ts";

/** How much to measure. */
export type QuoteEffort = { rounds: number; calls: number };

/** One thing that is done to a body of so many bytes, µs of CPU in each round; the first of its size is the floor. */
export type Quoted = { name: string; bytes: number; step: boolean; rounds: number[] };

/** Reading a body of one shape as JSON for a price, nanoseconds a byte, and what `JSON.parse` takes of it. */
export type Scanned = { shape: string; bytes: number; read: number; parse: number };

type Work = { name: string; step: boolean; prepare: () => unknown; run: (prepared: never) => unknown };

const SIZES = [1_000, 100_000];
const SCANNED = [100_000, 1_000_000];
const RULES = [1, 10, 100];
const SCANS = 15;
/** What a round of one kind of call should take, µs, and how much more often at most it may be made for that. */
const ROUND_US = 50_000;
const MORE_OFTEN = 5;

const quote = makeQuote({ clock: Date.now, secret: "s", complete: async (accepts) => accepts });

/** Prices calls of every kind in turns. */
export async function measureQuotes({ rounds, calls }: QuoteEffort): Promise<Quoted[]> {
  const measured: { work: Work; bytes: number; rounds: number[] }[] = [];
  for (const bytes of SIZES) {
    for (const work of await worksFor(chatOf(bytes))) measured.push({ work, bytes, rounds: [] });
  }
  const counts = new Map<Work, number>();
  for (const { work } of measured) {
    await cpuOf(work, calls);
    // What is quick is done more often, or the clock would tell nothing of it.
    const wanted = Math.ceil(ROUND_US / (await cpuOf(work, calls)));
    counts.set(work, Math.max(calls, Math.min(wanted, calls * MORE_OFTEN)));
  }
  for (let round = 0; round < rounds; round++) {
    for (const { work, rounds: list } of measured) list.push(await cpuOf(work, counts.get(work) ?? calls));
  }
  return measured.map(({ work: { name, step }, bytes, rounds: list }) => ({
    name,
    bytes,
    step,
    rounds: list,
  }));
}

/** Reads bodies that are made to be slow, in two lengths: what is linear takes as long for each byte of either. */
export function measureScans(): Scanned[] {
  return Object.entries(DIFFICULT).flatMap(([shape, make]) =>
    SCANNED.map((length) => {
      const bytes = new TextEncoder().encode(make(length));
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      const [reads, parses]: [number[], number[]] = [[], []];
      for (let i = 0; i < SCANS; i++) {
        parses.push(timed(() => JSON.parse(decoder.decode(bytes))));
        reads.push(timed(() => readJson(bytes, null)));
      }
      const perByte = (list: number[]) => (Math.min(...list) * 1e6) / bytes.length;
      return { shape, bytes: length, read: perByte(reads), parse: perByte(parses) };
    }),
  );
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** Microseconds of CPU for one of so many: of all threads, since digests are made in another one. */
async function cpuOf({ prepare, run }: Work, calls: number): Promise<number> {
  const prepared = Array.from({ length: calls }, prepare) as never[];
  const before = process.cpuUsage();
  for (const each of prepared) await run(each);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

async function worksFor(body: Uint8Array<ArrayBuffer>): Promise<Work[]> {
  const flat = await routeWith({ price: "$0.01" });
  const asked = (name: string, route: Route): Work => {
    return { name, step: false, prepare: () => callOf(route, body), run: (call: Call) => quote(call) };
  };
  const step = (name: string, run: () => unknown): Work => ({ name, step: true, prepare: () => 0, run });
  const ruled = await Promise.all(RULES.map((count) => routeWith(rulesOf(count))));
  const apart = await routeWith(rulesOf(100, (i) => `body.messages[*].kind${i}`));
  const named = (count: number) => (count === 1 ? "1 rule" : `${count} rules`);
  const text = () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  const facts = (route: Route): Facts => ({
    ...callOf(route, body),
    headers: new Headers(),
    heeded: new Set<string>(),
    body: readJson(body, null),
  });
  return [
    asked("flat price", flat),
    ...ruled.map((route, i) => asked(named(RULES[i] ?? 0), route)),
    asked("100 rules, each on something else in all messages", apart),
    {
      name: "reading it",
      step: true,
      prepare: () => callOf(flat, body),
      run: ({ body: own }: Call) => own.bytes(),
    },
    step("its SHA-256", async () => hex(await crypto.subtle.digest("SHA-256", body))),
    step("`JSON.parse`", () => JSON.parse(text())),
    step("`JSON.parse`, and names that come twice", () => readJson(body, null)),
    ...[...ruled, apart].map((route, i): Work => {
      const what = i < RULES.length ? named(RULES[i] ?? 0) : "100 rules, each on something else";
      return {
        name: `looking for the one of ${what}`,
        step: true,
        prepare: () => facts(route),
        run: (known: Facts) => fitting(route.pricing, known),
      };
    }),
  ];
}

/** Only the last rule fits. */
function rulesOf(count: number, field: (i: number) => string = () => "body.model"): Record<string, unknown> {
  const match = Array.from({ length: count }, (_, i) => {
    const last = i === count - 1;
    return { where: last ? { "body.model": "house-*" } : { [field(i)]: `other-${i}-*` }, price: "$0.02" };
  });
  return { match, fallback: "$0.05" };
}

async function routeWith(members: Record<string, unknown>): Promise<Route> {
  const { routes } = await load(
    () => ({
      wallets: { base: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" },
      accepts: [{ asset: "USDC", network: "base" }],
      facilitator: "https://facilitator.example",
      upstreams: { api: { url: "https://api.example" } },
      routes: { "POST /chat": { upstream: "api", ...members } },
      stores: { redis: { url: "https://redis.example", token: "t" } },
    }),
    {},
  );
  const [route] = routes;
  if (!route) throw new Error("no route");
  return route;
}

function callOf(route: Route, body: Uint8Array<ArrayBuffer>): Call {
  const request = new Request("https://gateway.example/chat", { method: "POST", body });
  const arrival = { request, rawPath: "/chat", clientAddress: undefined, waitUntil: () => undefined };
  return compileMatch([route])(arrival);
}
