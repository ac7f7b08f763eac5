/** A facilitator that fails: what may have moved is never called unpaid, and what did not move is made up for. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import type { Lie } from "../lab/wire.ts";
import { comesBack, HAD, IMPATIENT, recordBecomes, SERVED } from "./impatient.ts";

const JSON_TYPE = "application/json";
const DOUBT = { status: 503, code: "payment_outcome_unknown", receipt: undefined };
const NO_VERDICT = { status: 503, code: "facilitator_unavailable", receipt: undefined };

/** What it does, and what the record says of that; undefined where nobody can tell it by more than a name. */
const LIES: [string, Lie, string | undefined][] = [
  ["cuts the connection", "refuse", undefined],
  ["answers 500", { status: 500, type: JSON_TYPE, body: "{}" }, "facilitator_answered_500"],
  ["answers 502 with a page", { status: 502, type: "text/html", body: "<html>" }, "facilitator_answered_502"],
  ["answers 200 with a page", { status: 200, type: "text/html", body: "<html>" }, "facilitator_answered_200"],
  [
    "answers half a document",
    { status: 200, type: JSON_TYPE, body: '{"success":' },
    "facilitator_answered_200",
  ],
  [
    "answers with wrong types",
    { status: 200, type: JSON_TYPE, body: '{"success":"true","isValid":1,"transaction":42}' },
    "facilitator_answered_200",
  ],
  ["answers with nothing", { status: 200, type: JSON_TYPE, body: "" }, "facilitator_answered_200"],
];

describe.each<Runtime>(["node", "workers"])("in %s", (runtime) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(`facilitator-${runtime}`, runtime, IMPATIENT);
  });
  afterEach(() => {
    lab.stops.release("go");
    lab.wire.lie = undefined;
  });
  afterAll(() => lab?.close());

  async function madeUpFor(path: string, payment: string, before: bigint): Promise<void> {
    await comesBack(lab, path, payment, SERVED);
    await recordBecomes(lab, payment, HAD);
    expect((await lab.earned()) - before).toBe(PRICE);
  }

  it.each(LIES)("settle %s: in doubt, and settled once it works", async (_, lie, reason) => {
    const before = await lab.earned();
    const payment = await lab.sign("/weather");
    lab.wire.lie = lie;
    expect(await lab.present("/weather", payment)).toMatchObject(DOUBT);
    await recordBecomes(lab, payment, { state: "unknown", ...(reason ? { reason } : {}) });
    await comesBack(lab, "/weather", payment, DOUBT);
    lab.wire.lie = undefined;
    await madeUpFor("/weather", payment, before);
  });

  it.each(LIES)("verify %s: 503, no record, nothing charged", async (_, lie) => {
    const before = await lab.earned();
    const payment = await lab.sign("/late/weather");
    lab.wire.lie = lie;
    expect(await lab.present("/late/weather", payment)).toMatchObject(NO_VERDICT);
    await recordBecomes(lab, payment, {});
    expect(await lab.earned()).toBe(before);
    lab.wire.lie = undefined;
    await madeUpFor("/late/weather", payment, before);
  });

  it("settle is refused as a request (404): no record, and the payment is good", async () => {
    const before = await lab.earned();
    const payment = await lab.sign("/weather");
    lab.wire.lie = { status: 404, type: "text/plain", body: "not found" };
    expect(await lab.present("/weather", payment)).toMatchObject(NO_VERDICT);
    await recordBecomes(lab, payment, {});
    lab.wire.lie = undefined;
    await madeUpFor("/weather", payment, before);
  });

  it.each([
    ["/weather", DOUBT, { state: "unknown" }],
    ["/late/weather", NO_VERDICT, {}],
  ])(
    "nothing listens where the facilitator was, %s: 503, and the payment is good later",
    async (path, answer, left) => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      await lab.launch({ FACILITATOR_URL: "http://127.0.0.1:9" });
      expect(await lab.present(path, payment)).toMatchObject(answer);
      await recordBecomes(lab, payment, left);
      await lab.launch();
      await madeUpFor(path, payment, before);
    },
  );

  describe.each(["/weather", "/late/weather"])("%s, settle is slower than the gateway is patient", (path) => {
    it.each([
      ["settle:received", "cut", "the request is lost in the end"],
      ["settle:received", "go", "the money moves after the gateway has given up"],
      ["settle:done", "cut", "the money has moved, the reply never comes"],
    ] as const)("%s, %s, %s: paid once", async (stop, underWay, _) => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      const reached = lab.stops.hold(stop);
      const seen = lab.present(path, payment);
      await reached;
      expect(await seen).toMatchObject(DOUBT);
      await recordBecomes(lab, payment, { state: "unknown", reason: "facilitator_TimeoutError" });
      lab.stops.release(underWay);
      await madeUpFor(path, payment, before);
    });
  });

  it("the late settlement and a second one reach the facilitator at once: one of them goes through", async () => {
    const before = await lab.earned();
    const payment = await lab.sign("/weather");
    const late = lab.stops.hold("settle:received");
    const first = lab.present("/weather", payment);
    await late;
    expect(await first).toMatchObject(DOUBT);
    await recordBecomes(lab, payment, { state: "unknown" });
    await lab.store.passLease(payment);
    const second = lab.stops.hold("settle:received");
    const answered = lab.wire.settled();
    const seen = lab.present("/weather", payment);
    await second;
    lab.stops.release("go");
    const { status } = await seen;
    await expect.poll(lab.wire.settled, { timeout: 10_000 }).toBe(answered + 2);
    // Either of the two may have gone through, and the payer may have seen it.
    if (status !== 200) await comesBack(lab, "/weather", payment, SERVED);
    await recordBecomes(lab, payment, HAD);
    expect((await lab.earned()) - before).toBe(PRICE);
  });
});
