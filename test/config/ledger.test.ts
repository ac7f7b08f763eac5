/** `gateway.ledger`: how long receipts are kept, and where. */
import { expect, it } from "vitest";
import { expectFault, loadWith, recordsOf, set } from "./valid.ts";

const DAY_MS = 86_400_000;
const ledgerMs = async (ledger?: unknown) =>
  recordsOf(await loadWith(set(ledger === undefined ? {} : { gateway: { ledger } })))?.ledgerMs;

it.each([
  [undefined, 90 * DAY_MS],
  [{}, 90 * DAY_MS],
  [{ retention: "400d" }, 400 * DAY_MS],
  [{ retention: 3600 }, 3_600_000],
  [false, undefined],
])("%j keeps receipts for %s ms, beside the payment records", async (ledger, ms) => {
  expect(await ledgerMs(ledger)).toBe(ms);
});

it("only the payments' store has them", async () => {
  const { stores } = await loadWith(() => undefined);
  expect(stores.rateLimit).not.toHaveProperty("ledgerMs");
});

const path = "gateway.ledger.retention";
it.each([
  [{ retention: "soon" }, path, '"soon" is not a duration', 'write it like "90s", "15m", "1h" or "7d"'],
  [{ retention: "4000d" }, path, '"4000d" is too long', 'write at most "3660d"'],
])("%j is a fault", (ledger, ...fault) => expectFault([set({ gateway: { ledger } }), ...fault]));

it.each([true, "90d", { ttl: "90d" }])("%j is no ledger", async (ledger) => {
  await expect(ledgerMs(ledger)).rejects.toThrow(/gateway\.ledger/);
});
