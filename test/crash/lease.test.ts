/** The one crash that waits for the lease itself: nothing but time passes between the crash and the payer's success. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { dieAt, endsWell, PATIENT } from "./matrix.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await startLab("crash-lease", "node", PATIENT);
});
afterAll(() => lab?.close());

it("a payer who only waits and repeats is served once the dead instance's lease is over, and pays once", async () => {
  const before = await lab.earned();
  const payment = await lab.sign("/weather");
  const leaves = { state: "claimed", paid: true } as const;
  await dieAt(lab, "/weather", payment, { at: "settle:done", when: "the money has moved", leaves });
  lab.stops.release("cut");
  await lab.launch();
  expect(await lab.present("/weather", payment)).toMatchObject({ status: 409, code: "payment_in_progress" });
  await endsWell(lab, "/weather", payment, undefined, "waited for");
  expect((await lab.earned()) - before).toBe(PRICE);
}, 90_000);
