/** Clocks that are two minutes off: the gateway's (in Node; workerd's cannot be moved) and the payer's. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { HAD, IMPATIENT, recordBecomes, SERVED } from "./impatient.ts";

const TWO_MINUTES = 120;
/** Longer than the clocks are apart, so that payments live long enough to tell. */
const VALID = { VALID_SECONDS: "300" };
const REASON_BEFORE = "invalid_exact_evm_payload_authorization_valid_before";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab("clock", "node", { ...IMPATIENT, ...VALID });
});
afterAll(() => lab?.close());

const inSeconds = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

function launchShifted(seconds: number): Promise<void> {
  const preload = pathToFileURL(resolve("test/faults/shift-clock.ts")).href;
  return lab.launch({ NODE_OPTIONS: `--import=${preload}`, CLOCK_SHIFT_MS: String(seconds * 1000) });
}

describe.each([TWO_MINUTES, -TWO_MINUTES])("the gateway's clock is off by %d s", (shift) => {
  beforeAll(() => launchShifted(shift));

  it.each(["/weather", "/late/weather"])(
    "%s: is served, and refused as used for as long as the chain would take it",
    async (path) => {
      const before = await lab.earned();
      const validBefore = inSeconds(280);
      const payment = await lab.sign(path, { authorization: { validBefore } });
      expect(await lab.present(path, payment)).toMatchObject(SERVED);
      await recordBecomes(lab, payment, HAD);
      const { exp } = await lab.store.record(payment);
      expect(Number(exp)).toBeGreaterThan(Number(validBefore) * 1000);
      expect(await lab.present(path, payment)).toMatchObject({ status: 409, code: "payment_already_used" });
      expect((await lab.earned()) - before).toBe(PRICE);
    },
  );
});

describe("what a wrong clock costs", () => {
  it("ahead: a payment with a minute left is refused as expired, with no record and no charge", async () => {
    await launchShifted(TWO_MINUTES);
    const before = await lab.earned();
    const payment = await lab.sign("/weather", { authorization: { validBefore: inSeconds(60) } });
    expect(await lab.present("/weather", payment)).toMatchObject({ status: 402, code: "payment_rejected" });
    await recordBecomes(lab, payment, {});
    expect(await lab.earned()).toBe(before);
  });

  it("behind: a payment that expired a minute ago gets as far as the facilitator, which refuses it", async () => {
    await launchShifted(-TWO_MINUTES);
    const before = await lab.earned();
    const payment = await lab.sign("/weather", { authorization: { validBefore: inSeconds(-60) } });
    expect(await lab.present("/weather", payment)).toMatchObject({
      status: 402,
      code: "payment_settlement_failed",
    });
    await recordBecomes(lab, payment, { state: "failed", reason: REASON_BEFORE });
    expect(await lab.earned()).toBe(before);
  });
});

describe("the payer's clock is two minutes off", () => {
  beforeAll(() => lab.launch());

  it.each([TWO_MINUTES, -TWO_MINUTES])(
    "by %d s, and the payment is valid from the start of time: served",
    async (shift) => {
      const before = await lab.earned();
      const payment = await lab.sign("/weather", { authorization: { validBefore: inSeconds(shift + 300) } });
      expect(await lab.present("/weather", payment)).toMatchObject(SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    },
  );

  it("ahead, and the payment is valid from the payer's now: the facilitator refuses it, and nothing is charged", async () => {
    const before = await lab.earned();
    const authorization = { validAfter: inSeconds(TWO_MINUTES), validBefore: inSeconds(TWO_MINUTES + 300) };
    const payment = await lab.sign("/weather", { authorization });
    expect(await lab.present("/weather", payment)).toMatchObject({
      status: 402,
      code: "payment_settlement_failed",
    });
    await recordBecomes(lab, payment, { state: "failed" });
    expect(await lab.earned()).toBe(before);
  });
});
