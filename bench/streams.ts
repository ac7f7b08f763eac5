/**
 * A metered stream of events next to the same stream through a free route and through a bare proxy: how long an event is
 * on its way, and what many events take of processor and memory.
 */
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { residentBytes } from "../dev/gateways/process.ts";
import { payWithPermit } from "../test/fixtures/permit.ts";
import { decode, type Requirements } from "../test/fixtures/sign.ts";
import { MARK, monotonic } from "./events.ts";
import type { Runtime, WaysLab } from "./ways.ts";
import { cpuMicroseconds } from "./workerd.ts";

/** How much to measure. */
export type StreamEffort = { rounds: number; paced: number; flood: number };

/** What one round saw: an event's way in µs, CPU in µs an event, memory in bytes. */
export type StreamRound = { p50: number; p99: number; cpu: number; grown: number };

/** All rounds of one variant; the first of a runtime is its floor. */
export type Streamed = { runtime: Runtime; name: string; events: number; rounds: StreamRound[] };

type Target = { runtime: Runtime; name: string; url: string; pid: number; metered: boolean };

/** Between two events of the paced stream, ms: faster than any model speaks. */
const GAP_MS = 2;
/** How often memory is looked at, ms. */
const LOOK_MS = 20;
const ASKED = JSON.stringify({ model: "house-1", stream: true, messages: [{ role: "user", content: "?" }] });

/** Measures in turns, after a warm-up of everything that is thrown away. */
export async function measureStreams(lab: WaysLab, effort: StreamEffort): Promise<Streamed[]> {
  const measured = targetsOf(lab).map((target) => ({ target, rounds: [] as StreamRound[] }));
  const { paced, flood } = effort;
  for (const { target } of measured) await oneRound(target, paced / 2, flood / 2);
  for (let round = 0; round < effort.rounds; round++) {
    for (const { target, rounds } of measured) rounds.push(await oneRound(target, paced, flood));
  }
  return measured.map(({ target: { runtime, name }, rounds }) => ({ runtime, name, events: flood, rounds }));
}

function targetsOf({ gateway, proxy }: WaysLab): Target[] {
  return (["workers", "node"] as const).flatMap((runtime) => {
    const target = (name: string, { url, pid }: { url: string; pid: number }, path: string): Target => {
      return { runtime, name, url: url + path, pid, metered: path.startsWith("/metered") };
    };
    return [
      target("proxy", proxy[runtime], "/chat"),
      target("gateway, free", gateway[runtime], "/free/chat"),
      target("gateway, metered", gateway[runtime], "/metered/chat"),
    ];
  });
}

async function oneRound(target: Target, paced: number, flood: number): Promise<StreamRound> {
  const { pid } = target;
  const ways: number[] = [];
  const onEvents = (text: string, now: number) => {
    for (let at = text.indexOf(MARK.open); at >= 0; at = text.indexOf(MARK.open, at)) {
      at += MARK.open.length;
      ways.push(now - Number(text.slice(at, text.indexOf(MARK.close, at))));
    }
  };
  await stream(target, paced, GAP_MS, onEvents);
  if (ways.length !== paced) throw new Error(`${target.name}: ${ways.length} of ${paced} events arrived`);
  ways.sort((a, b) => a - b);
  const [before, used] = [await residentBytes(pid), await cpuMicroseconds(pid)];
  let most = before;
  const looking = setInterval(async () => {
    most = Math.max(most, await residentBytes(pid));
  }, LOOK_MS);
  let events = 0;
  await stream(target, flood, 0, (text) => {
    for (let at = text.indexOf(MARK.open); at >= 0; at = text.indexOf(MARK.open, at + 1)) events += 1;
  });
  clearInterval(looking);
  if (events !== flood) throw new Error(`${target.name}: ${events} of ${flood} events arrived`);
  await sleep(100);
  const cpu = ((await cpuMicroseconds(pid)) - used) / flood;
  const grown = Math.max(most, await residentBytes(pid)) - before;
  return { p50: quantile(ways, 0.5) * 1000, p99: quantile(ways, 0.99) * 1000, cpu, grown };
}

/** Reads one stream to its end; whole events are handed over, with the time at which their last byte was read. */
async function stream(
  { url, metered }: Target,
  count: number,
  gap: number,
  onEvents: (text: string, now: number) => void,
): Promise<void> {
  const target = `${url}?count=${count}&gap=${gap}`;
  const headers: Record<string, string> = {
    "content-type": "application/json",
    ...(metered ? { "payment-signature": await signFor(target) } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(target, { method: "POST", headers, agent: false }, async (answer) => {
      try {
        let rest = "";
        for await (const chunk of answer) {
          const now = monotonic();
          const text = rest + chunk;
          const end = text.lastIndexOf("\n\n") + 1;
          rest = text.slice(end);
          onEvents(text.slice(0, end), now);
        }
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`${target} answered ${answer.statusCode}: ${rest}`));
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on("error", reject);
    outgoing.end(ASKED);
  });
}

async function signFor(url: string): Promise<string> {
  const unpaid = await fetch(url, { method: "POST", body: ASKED });
  await unpaid.arrayBuffer();
  const { accepts } = decode(unpaid.headers.get("payment-required")) as { accepts: [Requirements] };
  return payWithPermit(accepts[0]);
}

function quantile(sorted: number[], part: number): number {
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}
