/** A store that forgets: what is lost is told here, and that it is never money moving twice. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { keyOf } from "../lab/store.ts";
import { comesBack, HAD, IMPATIENT, recordBecomes, SERVED } from "./impatient.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab("forgetful", "node", IMPATIENT);
});
afterEach(() => {
  lab.stops.release("go");
  lab.faults.clear();
  lab.upstream.failing = false;
});
afterAll(() => lab?.close());

describe("scripts", () => {
  it("forgotten before every single request: the call does not notice", async () => {
    await lab.present("/weather", await lab.sign("/weather"));
    lab.faults.set("forget-scripts");
    const payment = await lab.sign("/weather");
    expect(await lab.present("/weather", payment)).toMatchObject(SERVED);
    await recordBecomes(lab, payment, HAD);
  });

  it("forgotten while the money moves: the settlement is noted all the same", async () => {
    await lab.present("/weather", await lab.sign("/weather"));
    const payment = await lab.sign("/weather");
    const reached = lab.stops.hold("settle:done");
    const seen = lab.present("/weather", payment);
    await reached;
    await lab.store.command("SCRIPT", "FLUSH");
    lab.stops.release("go");
    expect(await seen).toMatchObject(SERVED);
    await recordBecomes(lab, payment, HAD);
  });
});

describe("an evicted record", () => {
  /** Pays, and has the record evicted; `owed`: before the answer was had. */
  async function evicted(path: string, owed: boolean): Promise<{ payment: string; before: bigint }> {
    const before = await lab.earned();
    const payment = await lab.sign(path);
    lab.upstream.failing = owed;
    await lab.present(path, payment);
    lab.upstream.failing = false;
    await recordBecomes(lab, payment, owed ? { state: "settled", lease: "0" } : HAD);
    await lab.store.command("DEL", await keyOf(payment));
    return { payment, before };
  }

  // Under after-response an answer is not owed: what failed is not charged.
  const cases = [
    ["/weather", false],
    ["/weather", true],
    ["/late/weather", false],
  ] as const;

  it.each(cases)(
    "of a payment for %s settled seconds ago (answer owed: %s): it buys the answer once more, and is not charged again",
    async (path, owed) => {
      const { payment, before } = await evicted(path, owed);
      expect(await lab.present(path, payment)).toMatchObject({ code: "payment_outcome_unknown" });
      await comesBack(lab, path, payment, SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    },
  );

  it.each(cases)(
    "of a payment for %s settled longer ago (answer owed: %s): 402, and an answer that was owed is lost",
    async (path, owed) => {
      const { payment, before } = await evicted(path, owed);
      expect(await lab.present(path, payment)).toMatchObject({ code: "payment_outcome_unknown" });
      await recordBecomes(lab, payment, { state: "unknown" });
      // Plays the time between the settlement and the return: chain and store differ by 15 s at most.
      const later = String(Date.now() + 20_000);
      await lab.store.command("HSET", await keyOf(payment), "since", later);
      await comesBack(lab, path, payment, { status: 402, code: "payment_rejected" });
      await recordBecomes(lab, payment, { state: "failed", reason: "authorization_spent_elsewhere" });
      expect((await lab.earned()) - before).toBe(PRICE);
    },
  );
});

describe("a Redis that restarts empty while the money moves", () => {
  it.each([
    ["/weather", "the payer collects with the same payment", SERVED],
    // Its answer was whole before the claim was lost: after-response settles at its end.
    ["/late/weather", "the payer comes back to what was paid for", SERVED],
  ])("%s: the isolate has lost its claim and stops its answer; %s", async (path, _, ends) => {
    const before = await lab.earned();
    const payment = await lab.sign(path);
    const reached = lab.stops.hold("settle:done");
    const half = lab.stops.hold("upstream:half");
    const seen = lab.present(path, payment);
    await reached;
    await lab.store.stop();
    await lab.store.start();
    lab.stops.release("go", "settle:done");
    await half;
    expect(await seen).toMatchObject({ whole: false });
    lab.stops.release("go");
    await recordBecomes(lab, payment, {});
    await comesBack(lab, path, payment, ends);
    expect((await lab.earned()) - before).toBe(PRICE);
  });
});
