/** Deployments and crashes under a crowd of one client: a limit is kept, whatever becomes of the instances. */
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ask } from "./ask.ts";
import { AT_MOST } from "./bounds.ts";
import { type Cluster, type Slot, startCluster } from "./cluster.ts";

const LIMIT = 500;
const PER_SECOND = 50;
/** Calls to be answered between one change and the next: the limit is used up half-way through them all. */
const BETWEEN = 70;
const client = randomUUID();
const began = Date.now();

let cluster: Cluster;
const outcomes: string[] = [];
beforeAll(async () => {
  cluster = await startCluster(6);
  const calls: Promise<unknown>[] = [];
  const arrive = () => calls.push(call().then((outcome) => outcomes.push(outcome)));
  const metronome = setInterval(arrive, 1000 / PER_SECOND);
  await churn(cluster.slots).finally(() => clearInterval(metronome));
  await Promise.all(calls);
}, 240_000);
afterAll(() => cluster?.close());

/** `lost`: the connection broke before the answer was whole, and the call may have passed. */
async function call(): Promise<string> {
  try {
    const answer = await ask(`${cluster.anyUrl()}/crowded/rolling?payment=${client}`, { "x-client": client });
    await text(answer);
    return String(answer.statusCode);
  } catch {
    return "lost";
  }
}

/** Each instance is replaced in turn; the crowd goes on. */
async function churn(slots: Slot[]): Promise<void> {
  const answered = async () => {
    const enough = outcomes.length + BETWEEN;
    await vi.waitFor(() => expect(outcomes.length).toBeGreaterThanOrEqual(enough), { timeout: 45_000 });
  };
  for (const slot of slots) {
    await slot.stop();
    await answered();
    await slot.start();
    await answered();
  }
}

const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;

describe("while every instance is stopped and started again under 50 calls a second of one client", () => {
  it("no more calls pass to the upstream than the limit says", () => {
    const passed = cluster.upstream.runs.get(client)?.started;
    expect(passed).toBeLessThanOrEqual(AT_MOST["sliding-window"]({ began, ended: Date.now() }, LIMIT));
    expect(passed).toBeGreaterThanOrEqual(count("200"));
  });

  it("no call is refused before the limit is used up, by calls that passed or were lost", () => {
    expect(count("429")).toBeGreaterThan(0);
    expect(count("200") + count("lost")).toBeGreaterThanOrEqual(LIMIT);
  });

  it("a call passes, is refused with 429, or loses its connection", () => {
    const odd = outcomes.filter((outcome) => !["200", "429", "lost"].includes(outcome));
    expect(odd).toEqual([]);
  });
});
