/**
 * The crash matrix: an instance is killed outright at each step between the claim and the record's last write, and the
 * payer comes back to a fresh one with the same payment. Whatever the step, the money moves once and the answer is had.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { type Lab, nothingSeen, PRICE, type Seen, startLab } from "../lab/lab.ts";
import { ANSWER } from "../lab/stalling-upstream.ts";
import { AFTER_RESPONSE, BEFORE_RESPONSE, type Crash, type Ending } from "./crashes.ts";

// Instances are started and chains asked, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

/** Patient enough that nothing times out while it is held. */
export const PATIENT = { TIMEOUT: "15" };
const WAIT = { timeout: 20_000, interval: 100 };

/** Runs the matrix in a runtime. */
export function describeCrashes(runtime: Runtime): void {
  let lab: Lab;
  let began: bigint;
  beforeAll(async () => {
    lab = await startLab(`crash-${runtime}`, runtime, PATIENT);
    began = await lab.earned();
  });
  afterAll(() => lab?.close());
  // One row that fails must not take the next ones with it.
  beforeEach(() => {
    lab.stops.release("cut");
    return lab.revive();
  });

  const rows = (crashes: Crash[]) => crashes.map((crash) => [`${crash.at}, ${crash.when}`, crash] as const);
  describe.each([
    ["/weather", "cut", BEFORE_RESPONSE],
    ["/weather", "go", BEFORE_RESPONSE],
    ["/late/weather", "cut", AFTER_RESPONSE],
    ["/late/weather", "go", AFTER_RESPONSE],
  ] as const)("killed on %s, and what was under way is let %s", (path, underWay, crashes) => {
    it.each(rows(crashes))("%s: paid once, and the answer is had", async (_, crash) => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      const seen = await dieAt(lab, path, payment, crash);
      expect({ whole: seen.whole, text: seen.text }).toEqual(clientHas(crash));
      expect((await lab.earned()) - before).toBe(crash.leaves.paid ? PRICE : 0n);

      lab.stops.release(underWay);
      await lab.launch();
      await endsWell(lab, path, payment, crash.ends?.[underWay]);
      expect((await lab.earned()) - before).toBe(PRICE);
    });
  });

  it("whatever died, the ledger adds up to what the chain has paid out", async () => {
    const receipts = await lab.store.receipts();
    const earned = receipts.reduce((total, { amount }) => total + amount, 0n);
    expect(earned).toBe((await lab.earned()) - began);
    expect(earned).toBeGreaterThan(0n);
  });
}

/** Runs into the stop, waits until record and client have what they are to have by then, and kills. */
export async function dieAt(lab: Lab, path: string, payment: string, crash: Crash): Promise<Seen> {
  const { at, beside, leaves } = crash;
  const places = beside ? [at, beside] : [at];
  const reached = Promise.all(places.map((place) => lab.stops.hold(place)));
  const seen = nothingSeen();
  const ended = lab.present(path, payment, seen);
  await reached;
  const { state, done } = leaves;
  const left = { state, ...(done ? { done } : {}) };
  const record = expect.poll(() => lab.store.record(payment), WAIT);
  await (state === "none" ? record.toEqual({}) : record.toMatchObject(left));
  if (crash.client === "half") await expect.poll(() => seen.text, WAIT).not.toBe("");
  if (crash.client === "whole") await ended;
  await lab.kill();
  return ended;
}

/** The payer presents the payment until it is neither in progress nor in doubt; then it is over, and stays so. */
export async function endsWell(
  lab: Lab,
  path: string,
  payment: string,
  ends: Ending = "served",
  lease = "played",
) {
  const wait = lease === "played" ? WAIT : { timeout: 60_000, interval: 1000 };
  let last: Seen | undefined;
  const isOver = async () => {
    // What was under way may still make a claim that nobody holds.
    if (lease === "played") await lab.store.passLease(payment);
    last = await lab.present(path, payment);
    return last.status !== 0 && last.status !== 503 && last.code !== "payment_in_progress";
  };
  await expect.poll(isOver, wait).toBe(true);
  const receipt = { success: true, transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) };
  const served = { status: 200, whole: true, text: ANSWER, receipt };
  expect(last).toMatchObject(
    ends === "used" ? { status: 409, code: "payment_already_used", receipt } : served,
  );
  await expect.poll(() => lab.store.record(payment), wait).toMatchObject({ state: "settled", done: "1" });
  expect(await lab.present(path, payment)).toMatchObject({ status: 409, code: "payment_already_used" });
  const { transaction } = { transaction: "", ...(last?.receipt as { transaction: string } | undefined) };
  expect(await lab.store.receipts(payment)).toMatchObject([
    { status: "delivered", amount: PRICE, transaction },
  ]);
}

function clientHas({ client }: Crash): { whole: boolean; text: string } {
  if (client === "whole") return { whole: true, text: ANSWER };
  return { whole: false, text: client === "half" ? ANSWER.slice(0, ANSWER.length / 2) : "" };
}
