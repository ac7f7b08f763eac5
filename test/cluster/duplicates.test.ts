/** One payment at many instances at once: what one atomic script promises must hold for all of them together. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/stores/ledger.ts";
import { connect } from "../../src/stores/redis.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { type Outcome, type Payment, present } from "./payer.ts";

const PAYMENTS = 200;
const PRESENTERS = 25;
/** Payments in flight together: enough to keep six instances busy on two cores. */
const TOGETHER = 3;
const RETRYABLE = /^payment_(?:in_progress|already_used)$/;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(6);
});
afterAll(() => cluster?.close());

type Burst = { payment: Payment; outcomes: Outcome[] };

/** Presents every payment to random instances, by all its presenters at once. */
async function presentAll(route: string): Promise<Burst[]> {
  const bursts: Burst[] = [];
  const worker = async () => {
    for (let next = left(); next > 0; next = left()) {
      const payment = await cluster.sign(route);
      const presenting = Array.from({ length: PRESENTERS }, () => present(cluster.anyUrl(), payment));
      bursts.push({ payment, outcomes: await Promise.all(presenting) });
    }
  };
  let open = PAYMENTS;
  const left = () => open--;
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  return bursts;
}

describe.each(["/weather", "/late/weather"])("%s at six instances", (route) => {
  let bursts: Burst[] = [];
  beforeAll(async () => {
    cluster.ledger.repeats.length = 0;
    bursts = await presentAll(route);
  }, 180_000);

  it("a payment is settled once, and the facilitator is never asked twice", () => {
    const { transfers, repeats } = cluster.ledger;
    const settled = bursts.filter(({ payment }) => transfers.has(payment.id));
    expect([settled.length, repeats]).toEqual([PAYMENTS, []]);
  });

  it("the upstream never runs twice at a time for a payment, nor again for one that was delivered", () => {
    const odd = bursts
      .map(({ payment }) => cluster.upstream.runs.get(payment.id))
      .filter((runs) => runs?.peak !== 1 || runs.started !== 1 || runs.finished !== 1);
    expect(odd).toEqual([]);
  });

  it("every presenter gets the answer or is told what to do, and one of them gets the answer", () => {
    const served = bursts.map(({ outcomes }) => outcomes.filter(({ kind }) => kind === "served").length);
    expect(served.filter((count) => count !== 1)).toEqual([]);
    const odd = bursts
      .flatMap(({ outcomes }) => outcomes)
      .filter((outcome) => outcome.kind !== "served" && !isExplicit(outcome));
    expect(odd).toEqual([]);
  });

  it("a payment that has bought its answer is used up at every instance", async () => {
    const urls = cluster.slots.flatMap((slot) => slot.url() ?? []);
    for (const url of urls) {
      const codes = async () => {
        const outcomes = await Promise.all(bursts.map(({ payment }) => present(url, payment)));
        return new Set(outcomes.map((outcome) => ("code" in outcome ? outcome.code : outcome.kind)));
      };
      await expect.poll(codes, { timeout: 20_000 }).toEqual(new Set(["payment_already_used"]));
    }
  }, 120_000);
});

it("the ledger has each payment once, delivered, and adds up to what the chain has moved", async () => {
  const { REDIS_URL: url = "", REDIS_TOKEN: token = "" } = cluster.vars;
  const ledger = openLedger(connect({ url, token, prefix: "test", timeoutMs: 5000 }), "test");
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const entries: Entry[] = [];
  for await (const portion of ledger.all(day(1), day(0))) entries.push(...portion);
  const transfers = [...cluster.ledger.transfers.values()];
  expect(transfers).toHaveLength(2 * PAYMENTS);
  expect(new Set(entries.map(({ transaction }) => transaction))).toEqual(
    new Set(transfers.map(({ nonce }) => nonce)),
  );
  expect(entries.filter(({ status }) => status !== "delivered")).toEqual([]);
  const moved = transfers.reduce((total, { value }) => total + BigInt(value), 0n);
  const sums = await ledger.sums(day(1), day(0));
  expect([entries.length, sums.reduce((total, { amount }) => total + amount, 0n)]).toEqual([
    2 * PAYMENTS,
    moved,
  ]);
});

function isExplicit(outcome: Outcome): boolean {
  return outcome.kind === "refused" && outcome.status === 409 && RETRYABLE.test(outcome.code);
}
