/**
 * An instance is killed between the end of a metered answer and the last write about it. What the call has used is charged
 * once, by reconciliation or when its payer comes back, and the payment buys nothing more.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Lab, nothingSeen, startLab } from "../lab/lab.ts";
import { ANSWER } from "../lab/stalling-upstream.ts";
import type { Release, Stop } from "../lab/stops.ts";
import { keyOf } from "../lab/store.ts";
import { PATIENT } from "./matrix.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const run = promisify(execFile);
const PATH = "/metered/weather";
/** A hundred atomic units a byte. */
const USED = BigInt(ANSWER.length) * 100n;

let lab: Lab;
beforeAll(async () => {
  lab = await startLab("crash-metered", "node", PATIENT);
});
beforeEach(() => {
  lab.stops.release("cut");
  return lab.revive();
});
afterAll(() => lab?.close());

/** The whole answer is out; the instance dies here. */
async function dieAt(stop: Stop): Promise<string> {
  const payment = await lab.sign(PATH);
  const reached = lab.stops.hold(stop);
  const seen = nothingSeen();
  const ended = lab.present(PATH, payment, seen);
  await reached;
  await ended;
  expect(seen).toMatchObject({ status: 200, text: ANSWER, whole: true });
  await lab.kill();
  return payment;
}

/** Its lease is over, and it is time to look into it. */
async function timePasses(payment: string): Promise<void> {
  await lab.store.passLease(payment);
  const [spend = ""] = (await keyOf(payment)).split(":").slice(-1);
  await lab.store.command("ZADD", `test:pending:${spend.slice(0, 1)}`, "1", spend);
}

/** As an operator does it. */
async function reconcile(): Promise<Record<string, number>> {
  const args = ["src/cli/main.ts", "reconcile", "--json", "--config", "test/lab/tollbooth.config.ts"];
  const env = { PATH: process.env.PATH, ...lab.vars, ...PATIENT };
  return JSON.parse((await run(process.execPath, args, { env })).stdout);
}

const DEATHS: [at: Stop, underWay: Release][] = [
  ["due:done", "cut"],
  ["settle:received", "cut"],
  ["settle:received", "go"],
  ["settle:done", "cut"],
  ["settled:received", "cut"],
  ["settled:done", "cut"],
  ["delivered:received", "cut"],
  ["delivered:received", "go"],
];

describe.each(DEATHS)("killed at %s, and what was under way is let %s", (at, underWay) => {
  // Starting commands takes long: everybody at once only where the facilitator may be asked again.
  const crowd = at === "due:done" || at === "settle:received" ? ["two reconciliations and its payer"] : [];
  it.each(["reconciliation", "its payer", ...crowd])("%s finds it", async (who) => {
    const before = await lab.earned();
    const asked = lab.upstream.asked;
    const payment = await dieAt(at);
    lab.stops.release(underWay);
    await lab.launch();
    await timePasses(payment);
    const present = async () => expect((await lab.present(PATH, payment)).status).toBe(409);
    if (who === "reconciliation") await reconcile();
    else if (who === "its payer") await present();
    else await Promise.all([reconcile(), reconcile(), present()]);

    await expect.poll(async () => (await lab.earned()) - before, { timeout: 20_000 }).toBe(USED);
    const end = async () => (await lab.present(PATH, payment)).code;
    await expect.poll(end, { timeout: 20_000 }).toBe("payment_already_used");
    expect((await lab.earned()) - before).toBe(USED);
    expect(lab.upstream.asked - asked).toBe(1);
    expect(await lab.store.record(payment)).toMatchObject({ state: "settled" });
    expect(await lab.store.receipts(payment)).toMatchObject([{ status: "delivered", amount: USED }]);
  });
});
