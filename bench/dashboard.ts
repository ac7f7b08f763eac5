/** The operators' page: how long it takes, what it costs and weighs, with few and with many receipts behind it. */
import { setTimeout as sleep } from "node:timers/promises";
import { seller } from "../dev/accounts.ts";
import type { Gateway } from "../dev/gateways/process.ts";
import { seedLedger } from "../test/store/ledger-seed.ts";
import { seedStats } from "../test/store/stats-seed.ts";
import { buildWorker, scriptOf } from "./bundles.ts";
import { type Server, startServer } from "./lab.ts";
import { createRunning } from "./running.ts";
import { median, ratio } from "./stats.ts";
import { machineLine, show, table } from "./tables.ts";
import { scheduledMicroseconds, startWorker } from "./workerd.ts";

/** How much to measure: rounds, and pages of each kind in a round. */
export type DashboardEffort = { rounds: number; pages: number };

/** One round: milliseconds and microseconds of processor time for each page. */
type Round = { ms: number; cpu: number };

/** What is behind a page, and how it went. `requests` and `received` are of one page, at the store. */
export type Shown = {
  name: string;
  days: number;
  bytes: number;
  requests: number;
  received: number;
  rounds: Round[];
};

/** What one run has measured of it. */
export type Boards = { machine: Record<string, string | number>; pages?: Shown[] };

const DAY_MS = 86_400_000;
const TOKEN = "of-the-operators-of-this-benchmark";
const HEADERS = { authorization: `Bearer ${TOKEN}` };
const MANY = 100_000;
/** Names of what is behind the pages, which are prefixes too; the first is the floor. */
const BEHIND: Record<string, string> = {
  none: "nothing",
  receipts: "100,000 receipts of a day",
  all: "… and 90 days of counts, 20 routes",
};
const RANGES = [30, 90];

type Variant = { shown: Shown; gateway: Gateway; url: string };

/** Starts a gateway for each, and measures them in turn, round by round. */
export async function measureDashboard({ rounds, pages }: DashboardEffort): Promise<Shown[]> {
  await buildWorker("gateway");
  const { keep, stop } = createRunning();
  try {
    const store = keep(await startServer("redis"));
    const today = Math.floor(Date.now() / DAY_MS);
    for (const prefix of ["receipts", "all"]) await seedLedger(store, prefix, today - 1, MANY);
    await seedStats(store, "all", { last: today, days: 90, routes: 20 });
    const variants: Variant[] = [];
    for (const [prefix, name] of Object.entries(BEHIND)) {
      const gateway = keep(await startGateway(store, prefix));
      const day = new Date((today - 1) * DAY_MS).toISOString().slice(0, 10);
      for (const days of RANGES) {
        const url = `${gateway.url}/__tollbooth?days=${days}&day=${day}`;
        variants.push({ gateway, url, shown: await look(store, url, name, days) });
      }
    }
    for (let round = -1; round < rounds; round++) {
      for (const { shown, gateway, url } of variants) {
        const measured = await burst(gateway, url, pages);
        // The first one warms up.
        if (round >= 0) shown.rounds.push(measured);
      }
    }
    return variants.map(({ shown }) => shown);
  } finally {
    await stop();
  }
}

function startGateway(store: Server, prefix: string): Promise<Gateway> {
  return startWorker(scriptOf("gateway"), {
    UPSTREAM_URL: "http://127.0.0.1:9",
    FACILITATOR_URL: "http://127.0.0.1:9",
    PAY_TO: seller.address,
    REDIS_URL: store.url,
    REDIS_TOKEN: store.token,
    ADMIN_TOKEN: TOKEN,
    PREFIX: prefix,
    LOG_LEVEL: "silent",
  });
}

/** The second look at a page: what it weighs, and what the store is asked for it once its scripts are known. */
async function look(store: Server, url: string, name: string, days: number): Promise<Shown> {
  await page(url);
  await store.set({ record: true });
  const bytes = Buffer.byteLength(await page(url));
  const seen = await store.set({ record: false });
  const received = seen.reduce((sum, one) => sum + (one.received ?? 0), 0);
  return { name, days, bytes, requests: seen.length, received, rounds: [] };
}

async function burst({ pid }: Gateway, url: string, pages: number): Promise<Round> {
  const before = await scheduledMicroseconds(pid);
  const times: number[] = [];
  for (let i = 0; i < pages; i++) {
    const began = performance.now();
    await page(url);
    times.push(performance.now() - began);
  }
  await sleep(20);
  return { ms: median(times), cpu: ((await scheduledMicroseconds(pid)) - before) / pages };
}

async function page(url: string): Promise<string> {
  const answer = await fetch(url, { headers: HEADERS });
  const text = await answer.text();
  if (answer.status !== 200 || text.includes("cannot be read")) throw new Error(`${url}: ${answer.status}`);
  return text;
}

/** The tables of what is there, by name. */
export function dashboardTablesOf({ machine, pages }: Boards): Record<string, string> {
  return {
    "dashboard-machine": machineLine(machine),
    ...(pages ? { dashboard: pageTable(pages) } : {}),
  };
}

function pageTable(pages: Shown[]): string {
  const rows = pages.map(({ name, days, bytes, requests, received, rounds }) => {
    const floor = pages.find((one) => one.days === days)?.rounds ?? [];
    const pick = (of: Round[], key: keyof Round) => of.map((round) => round[key]);
    const against = (key: keyof Round) =>
      rounds === floor ? "1" : show(ratio(pick(rounds, key), pick(floor, key)));
    const value = (key: keyof Round, unit: number) => (median(pick(rounds, key)) / unit).toFixed(1);
    return [
      `${days} days`,
      name,
      `${value("ms", 1)} ms`,
      against("ms"),
      `${value("cpu", 1000)} ms`,
      against("cpu"),
      `${(bytes / 1000).toFixed(1)} kB`,
      String(requests),
      `${(received / 1000).toFixed(1)} kB`,
    ];
  });
  const heads = [
    "time",
    "÷ nothing",
    "CPU",
    "CPU ÷ nothing",
    "page",
    "requests to the store",
    "read from it",
  ];
  return table(["", "behind it", ...heads], rows);
}
