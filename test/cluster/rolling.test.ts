/** Deployments, crashes and autoscaling under load: instances go and come, payments do not notice more than a wait. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, type Slot, startCluster } from "./cluster.ts";
import { isServed, type Load, startLoad } from "./load.ts";

const ROUTES = ["/weather", "/late/weather"];
const PER_SECOND = 40;
/** Payers to be served between one change and the next. */
const BETWEEN = 80;
/** A lease, a doubt, a payer's longest wait twice, and a slow machine. */
const PATIENCE_MS = 30_000 + 2000 + 2 * 5000 + 30_000;

let cluster: Cluster;
let load: Load;
beforeAll(async () => {
  cluster = await startCluster(3);
  load = startLoad(cluster, ROUTES, PER_SECOND);
  await churn(cluster.slots);
  load.stop();
}, 240_000);
afterAll(async () => {
  load?.stop();
  await cluster?.close();
});

/** Three instances, six, each replaced in turn, two, six. Between the steps the cluster proves that it serves. */
async function churn(slots: Slot[]): Promise<void> {
  const step = async (change: Promise<unknown>) => {
    await change;
    await load.served(BETWEEN);
  };
  const all = (some: Slot[], what: "start" | "stop") => Promise.all(some.map((slot) => slot[what]()));
  await load.served(BETWEEN);
  await step(all(slots.slice(3), "start"));
  for (const slot of slots) {
    await step(slot.stop());
    await step(slot.start());
  }
  await step(all(slots.slice(2), "stop"));
  await step(all(slots.slice(2), "start"));
}

describe("after deployments, crashes and autoscaling from 3 to 6 to 2 to 6 instances under load", () => {
  it("no payment is stuck: within a lease every payer has a final answer", async () => {
    await load.settled(PATIENCE_MS);
  }, 120_000);

  it("no payment is lost: each was served, or used up by an answer that the payer lost on the way", () => {
    const odd = load.stories.filter((story) => !isServed(story) && !isLostAnswer(story));
    expect(odd).toEqual([]);
    const undelivered = load.stories.filter(
      ({ payment }) => !cluster.upstream.runs.get(payment.id)?.finished,
    );
    expect(undelivered).toEqual([]);
  });

  it("no payment is settled twice, and none that was served stays unpaid", () => {
    const paid = load.stories.map(({ payment }) => payment.id).sort();
    expect([...cluster.ledger.transfers.keys()].sort()).toEqual(paid);
    expect(cluster.ledger.repeats).toEqual([]);
  });

  it("at no time did two instances serve the same payment", () => {
    const overlapping = [...cluster.upstream.runs].filter(([, { peak }]) => peak > 1);
    expect(overlapping).toEqual([]);
  });

  it("instances fail with nothing but 503 and a Retry-After", () => {
    const failures = load.stories
      .flatMap(({ outcomes }) => outcomes)
      .filter((outcome) => outcome.kind === "refused" && outcome.status >= 500)
      .filter((outcome) => "status" in outcome && !(outcome.status === 503 && outcome.retryAfter));
    const logged = cluster.slots.flatMap((slot) => slot.failures());
    expect([failures, logged]).toEqual([[], []]);
  });

  it("the churn was felt: connections broke under payers, and they got their answers all the same", () => {
    const broken = load.stories.filter(({ outcomes }) => outcomes.some(({ kind }) => kind === "lost"));
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.some(isServed)).toBe(true);
  });
});

/** A connection broke before the gateway said "already used": the answer may have gone out on it. */
function isLostAnswer({ outcomes }: { outcomes: Load["stories"][number]["outcomes"] }): boolean {
  const last = outcomes.at(-1);
  const used = last?.kind === "refused" && last.code === "payment_already_used";
  return used && outcomes.some(({ kind }) => kind === "lost");
}
