/** Payments that nobody comes back for, on a real chain: what became of them is found out, and nobody is charged for it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { connectWallet } from "../../dev/wallet.ts";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { ANSWER } from "../lab/stalling-upstream.ts";
import { keyOf } from "../lab/store.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const run = promisify(execFile);

let lab: Lab;
beforeAll(async () => {
  lab = await startLab("reconcile", "node", { TIMEOUT: "15" });
});
beforeEach(async () => {
  lab.stops.release("cut");
  await lab.revive();
});
afterAll(() => lab?.close());

/** As an operator does it. */
async function reconcile(): Promise<Record<string, number>> {
  const args = ["src/cli/main.ts", "reconcile", "--json", "--config", "test/lab/tollbooth.config.ts"];
  const env = { PATH: process.env.PATH, ...lab.vars, TIMEOUT: "15" };
  const { stdout } = await run(process.execPath, args, { env });
  return JSON.parse(stdout);
}

/** An instance dies with this payment in hand; its lease is played to be over. */
async function left(stop: "settle:done" | "settle:received", path: string): Promise<string> {
  const payment = await lab.sign(path);
  const reached = lab.stops.hold(stop);
  const seen = lab.present(path, payment);
  await reached;
  await lab.kill();
  await seen;
  lab.stops.release("cut");
  await lab.store.passLease(payment);
  await comesDue(payment);
  return payment;
}

/** Plays the time until it is looked into. */
async function comesDue(payment: string): Promise<void> {
  const [spend = ""] = (await keyOf(payment)).split(":").slice(-1);
  await lab.store.command("ZADD", `test:pending:${spend.slice(0, 1)}`, "1", spend);
}

it.each(["/weather", "/late/weather"])(
  "%s: money that moved while the instance died is noted, and its payer collects without paying again",
  async (path) => {
    const before = await lab.earned();
    const payment = await left("settle:done", path);
    expect(await reconcile()).toEqual({ seen: 1, settled: 1, failed: 0, owed: 0, doubtful: 0 });
    expect(await lab.store.record(payment)).toMatchObject({ state: "settled", lease: "0" });
    await comesDue(payment);
    expect(await reconcile()).toMatchObject({ settled: 0, owed: 1 });
    await lab.revive();
    expect(await lab.present(path, payment)).toMatchObject({ status: 200, text: ANSWER });
    expect((await lab.earned()) - before).toBe(PRICE);
    await expect.poll(reconcile, { timeout: 15_000 }).toMatchObject({ seen: 0 });
  },
);

it("a payment whose settlement never happened is not settled behind its payer's back", async () => {
  const before = await lab.earned();
  const payment = await left("settle:received", "/weather");
  expect(await reconcile()).toEqual({ seen: 1, settled: 0, failed: 0, owed: 0, doubtful: 1 });
  expect(await lab.store.record(payment)).toMatchObject({ state: "unknown" });
  expect(await lab.earned()).toBe(before);
  // Whoever comes back finds it as it was.
  await lab.revive();
  await lab.store.passLease(payment);
  expect(await lab.present("/weather", payment)).toMatchObject({ status: 200, text: ANSWER });
  expect((await lab.earned()) - before).toBe(PRICE);
});

it("a payment that can no longer be settled is over", async () => {
  const payment = await left("settle:received", "/weather");
  const miner = connectWallet(lab.chain.url, seller.privateKey);
  await miner.increaseTime({ seconds: 600 });
  await miner.mine({ blocks: 1 });
  expect(await reconcile()).toMatchObject({ failed: 1, doubtful: 0 });
  expect(await lab.store.record(payment)).toMatchObject({ state: "failed", reason: "authorization_expired" });
  expect(await reconcile()).toMatchObject({ seen: 0 });
});
