/** A store that fails: nothing moves without a claim, and what has moved is found again. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import type { Fault } from "../../dev/faults.ts";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { writeOf } from "../lab/stops.ts";
import { keyOf } from "../lab/store.ts";
import { comesBack, HAD, IMPATIENT, recordBecomes, SERVED } from "./impatient.ts";

/** Not what an earlier test has left to be given back. */
const isClaim = ({ commands }: { commands: readonly (readonly string[])[] }) =>
  writeOf(commands[0] ?? []) === "claim";
const UNAVAILABLE = { status: 503, code: "store_unavailable", receipt: undefined };

describe.each<Runtime>(["node", "workers"])("in %s", (runtime) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(`store-${runtime}`, runtime, IMPATIENT);
  });
  afterEach(() => {
    lab.stops.release("go");
    lab.faults.clear();
    lab.faults.disown();
  });
  afterAll(() => lab?.close());

  describe.each(["/weather", "/late/weather"])("at the claim for %s: 503, no record, no charge", (path) => {
    it("Redis is down, and comes back empty", async () => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      await lab.store.stop();
      expect(await lab.present(path, payment)).toMatchObject(UNAVAILABLE);
      await lab.store.start();
      await recordBecomes(lab, payment, {});
      expect(await lab.present(path, payment)).toMatchObject(SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    });

    it.each<[string, Fault]>([
      ["connections are reset before anything happened", "drop-before"],
      ["connections are reset after the claim was made", "drop-after"],
      ["the store is silent", "hang"],
      ["the claim is made, and the store silent", "hang-after"],
      ["the claim is made, and the reply is cut short", "short-array"],
      ["the store answers 500", "error-500"],
      ["the store refuses the token", "error-401"],
      ["the store is over its limit", "error-429"],
      ["a proxy answers in place of the store", "html"],
      ["the reply is half a document", "not-json"],
    ])("%s: the payment can be used at once", async (_, fault) => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      lab.faults.set(fault, { times: 1, when: isClaim });
      expect(await lab.present(path, payment)).toMatchObject(UNAVAILABLE);
      expect(await lab.earned()).toBe(before);
      await recordBecomes(lab, payment, {});
      expect(await lab.present(path, payment)).toMatchObject(SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    });

    it("a claim that the store makes after it was given back is given back once more: nobody waits for its lease", async () => {
      const before = await lab.earned();
      const payment = await lab.sign(path);
      const reached = lab.stops.hold("claim:received");
      const key = await keyOf(payment);
      const givenBack = () =>
        lab.faults.requests.some(({ commands: [command = []] }) => command.includes(key));
      const seen = lab.present(path, payment);
      await reached;
      expect(await seen).toMatchObject(UNAVAILABLE);
      await expect.poll(givenBack).toBe(true);
      lab.stops.release("go");
      await recordBecomes(lab, payment, { state: "claimed" });
      expect(await lab.present(path, payment)).toMatchObject({ status: 409, code: "payment_in_progress" });
      await recordBecomes(lab, payment, {});
      expect(await lab.present(path, payment)).toMatchObject(SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    });
  });

  describe("once the money has moved: 200 with the receipt", () => {
    const writes = ["settled", "delivered"] as const;
    const faults: Fault[] = ["drop-before", "drop-after", "hang", "hang-after", "error-500"];
    it.each(writes.flatMap((write) => faults.map((fault) => [write, fault] as const)))(
      "the write %s meets %s: it is made again",
      async (write, fault) => {
        const before = await lab.earned();
        const payment = await lab.sign("/weather");
        const when = (request: { commands: readonly (readonly string[])[] }) =>
          request.commands.flat().includes(write);
        lab.faults.set(fault, { times: 1, when });
        expect(await lab.present("/weather", payment)).toMatchObject(SERVED);
        await recordBecomes(lab, payment, HAD);
        expect((await lab.earned()) - before).toBe(PRICE);
      },
    );

    it("the store stays away until every write is given up: the payer can have the answer again, for nothing", async () => {
      const before = await lab.earned();
      const payment = await lab.sign("/weather");
      const reached = lab.stops.hold("settle:done");
      const seen = lab.present("/weather", payment);
      await reached;
      lab.faults.set("drop-before");
      lab.faults.resetCounters();
      lab.stops.release("go");
      expect(await seen).toMatchObject(SERVED);
      const tried = (write: string) =>
        lab.faults.requests.filter(({ commands }) => commands.flat().includes(write)).length;
      // Both are tried five times, the second after the first.
      await expect.poll(() => [tried("settled"), tried("delivered")], { timeout: 40_000 }).toEqual([5, 5]);
      lab.faults.clear();
      await recordBecomes(lab, payment, { state: "claimed" });
      await comesBack(lab, "/weather", payment, SERVED);
      await recordBecomes(lab, payment, HAD);
      expect((await lab.earned()) - before).toBe(PRICE);
    });
  });
});
