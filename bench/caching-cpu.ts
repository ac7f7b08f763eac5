/** Processor time and bytes of keeping an answer and of handing it out, by length, next to a bare proxy. */
import { randomUUID } from "node:crypto";
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { BodyKind } from "./cache-bodies.ts";
import { warm } from "./caching.ts";
import type { Runtime, WaysLab } from "./ways.ts";
import { cpuMicroseconds } from "./workerd.ts";

/** A body that is measured. */
export type Body = { kind: BodyKind; bytes: number };

/** All rounds of one variant: µs of processor time a call. The first of a runtime and body is its floor. */
export type Burnt = Body & {
  runtime: Runtime;
  name: string;
  rounds: number[];
  /** Bytes of one call's bodies to the store, and from it. */
  sent: number;
  received: number;
};

const BODIES: Body[] = [
  { kind: "json", bytes: 1000 },
  { kind: "json", bytes: 100_000 },
  { kind: "json", bytes: 1_000_000 },
  { kind: "binary", bytes: 100_000 },
];
/** A process's time is told in hundredths of a second. */
const FEWEST = 40;
const MOST = 800;
const TOGETHER = 4;
/** For what is written behind the answers. */
const QUIET_MS = 300;

type Target = Body & { runtime: Runtime; name: string; pid: number; url: () => string };

/** In turns, after a warm-up that is thrown away; `bytes` go through each variant in a round, where that many calls do. */
export async function measureBodies(
  lab: WaysLab,
  { rounds, bodies }: { rounds: number; bodies: number },
): Promise<Burnt[]> {
  const measured: (Burnt & { target: Target })[] = [];
  for (const target of targetsOf(lab)) {
    if (target.name === "hit") await warm(target.url());
    const { runtime, name, kind, bytes } = target;
    await burst(target, bodies / 2);
    // Behind the first calls, which send the scripts themselves.
    measured.push({ runtime, name, kind, bytes, rounds: [], target, ...(await wire(lab, target)) });
  }
  for (let round = 0; round < rounds; round++)
    for (const { target, rounds } of measured) rounds.push(await burst(target, bodies));
  return measured.map(({ target: _, ...burnt }) => burnt);
}

function targetsOf({ gateway, proxy }: WaysLab): Target[] {
  return (["workers", "node"] as const).flatMap((runtime) =>
    BODIES.flatMap((body) => {
      const path = `/body/${body.kind}/${body.bytes}`;
      const { url, pid } = gateway[runtime];
      const kept = `${url}/kept${path}?${runtime}`;
      return [
        { ...body, runtime, name: "proxy", pid: proxy[runtime].pid, url: () => proxy[runtime].url + path },
        { ...body, runtime, name: "gateway, no cache", pid, url: () => url + path },
        { ...body, runtime, name: "miss, kept", pid, url: () => `${kept}&${randomUUID()}` },
        { ...body, runtime, name: "hit", pid, url: () => kept },
      ];
    }),
  );
}

/** Bytes of one call to and from the store. */
async function wire(
  { servers: { redis } }: WaysLab,
  { url }: Target,
): Promise<{ sent: number; received: number }> {
  await redis.set({ record: true });
  await (await fetch(url())).arrayBuffer();
  await sleep(QUIET_MS);
  const seen = await redis.set({});
  const sum = (of: "sent" | "received") => seen.reduce((total, one) => total + (one[of] ?? 0), 0);
  return { sent: sum("sent"), received: sum("received") };
}

async function burst({ bytes, pid, url }: Target, total: number): Promise<number> {
  const calls = Math.round(Math.min(MOST, Math.max(FEWEST, total / bytes)));
  const agent = new Agent({ keepAlive: true, maxSockets: TOGETHER });
  const before = await cpuMicroseconds(pid);
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await read(agent, url(), bytes);
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  await sleep(QUIET_MS);
  agent.destroy();
  return ((await cpuMicroseconds(pid)) - before) / calls;
}

/** @throws when the answer is not whole */
function read(agent: Agent, url: string, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
      });
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200 && size > bytes - 16) resolve();
        else reject(new Error(`${url} answered ${response.statusCode} with ${size} bytes`));
      });
    }).once("error", reject);
  });
}
