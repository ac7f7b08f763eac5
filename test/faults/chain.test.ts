/** A chain that changes its mind or takes its time. What the gateway has seen settled it does not look at again. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { connectWallet } from "../../dev/wallet.ts";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { comesBack, HAD, IMPATIENT, recordBecomes, SERVED } from "./impatient.ts";

const DOUBT = { status: 503, code: "payment_outcome_unknown" };

let lab: Lab;
let miner: ReturnType<typeof connectWallet>;
beforeAll(async () => {
  lab = await startLab("chain", "node", IMPATIENT);
  miner = connectWallet(lab.chain.url, seller.privateKey);
});
afterEach(async () => {
  lab.stops.release("go");
  lab.upstream.failing = false;
  await miner.setAutomine(true);
});
afterAll(() => lab?.close());

describe("a reorganisation takes the settlement back", () => {
  it("after the answer was had: the seller's loss, the payment stays used", async () => {
    const before = await lab.earned();
    const payment = await lab.sign("/weather");
    const id = await miner.snapshot();
    expect(await lab.present("/weather", payment)).toMatchObject(SERVED);
    await recordBecomes(lab, payment, HAD);
    await miner.revert({ id });
    expect(await lab.earned()).toBe(before);
    expect(await lab.present("/weather", payment)).toMatchObject({
      status: 409,
      code: "payment_already_used",
    });
    await recordBecomes(lab, payment, HAD);
  });

  it("while the answer is owed: it is served for a receipt that the chain no longer has", async () => {
    const before = await lab.earned();
    const payment = await lab.sign("/weather");
    const id = await miner.snapshot();
    lab.upstream.failing = true;
    expect(await lab.present("/weather", payment)).toMatchObject({ status: 503, receipt: { success: true } });
    await recordBecomes(lab, payment, { state: "settled", lease: "0" });
    await miner.revert({ id });
    lab.upstream.failing = false;
    expect(await lab.present("/weather", payment)).toMatchObject(SERVED);
    await recordBecomes(lab, payment, HAD);
    expect(await lab.earned()).toBe(before);
  });

  it.each(["/weather", "/late/weather"])(
    "while %s is in doubt: it is settled again, and paid once",
    async (path) => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      const id = await miner.snapshot();
      const reached = lab.stops.hold("settle:done");
      const seen = lab.present(path, payment);
      await reached;
      lab.stops.release("cut");
      expect(await seen).toMatchObject(DOUBT);
      await recordBecomes(lab, payment, { state: "unknown" });
      expect((await lab.earned()) - before).toBe(PRICE);
      await miner.revert({ id });
      expect(await lab.earned()).toBe(before);
      await comesBack(lab, path, payment, SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    },
  );
});

describe.each(["/weather", "/late/weather"])("%s, the transaction is sent and not mined", (path) => {
  async function stuck() {
    const before = await lab.earned();
    const payment = await lab.sign(path);
    await miner.setAutomine(false);
    expect(await lab.present(path, payment)).toMatchObject(DOUBT);
    await recordBecomes(lab, payment, { state: "unknown" });
    const { transactions } = await miner.getBlock({ blockTag: "pending" });
    return { before, payment, transactions };
  }

  it("and mined later: in doubt until then, paid once, served", async () => {
    const { before, payment } = await stuck();
    // The second look sends a second settlement, which the chain takes only if the first is never mined.
    await comesBack(lab, path, payment, DOUBT);
    await recordBecomes(lab, payment, { state: "unknown" });
    expect(await lab.earned()).toBe(before);
    await miner.mine({ blocks: 1 });
    await miner.setAutomine(true);
    await comesBack(lab, path, payment, SERVED);
    await recordBecomes(lab, payment, HAD);
    expect((await lab.earned()) - before).toBe(PRICE);
  });

  it("and dropped: settled anew, paid once, served", async () => {
    const { before, payment, transactions } = await stuck();
    expect(transactions).toHaveLength(1);
    for (const hash of transactions) await miner.dropTransaction({ hash });
    await miner.setAutomine(true);
    await comesBack(lab, path, payment, SERVED);
    await recordBecomes(lab, payment, HAD);
    expect((await lab.earned()) - before).toBe(PRICE);
  });
});
