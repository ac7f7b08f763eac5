/** Money from counts: exact, rounded up once, within the maximum. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDecimal } from "../../src/core/money.ts";
import { amountOf, once, whole } from "../../src/metering/amount.ts";

const decimal = fc.record({ digits: fc.bigInt({ min: 0n, max: 10n ** 12n }), scale: fc.nat(20) });
const item = fc.record({
  count: fc.oneof(fc.maxSafeNat().map(whole), decimal),
  rate: fc.record({ price: decimal, per: fc.bigInt({ min: 1n, max: 10n ** 12n }) }),
});
const items = fc.array(item, { maxLength: 8 });
const decimals = fc.constantFrom(0, 2, 6, 18);
const ENDLESS = { digits: 10n ** 90n, scale: 0 };

describe("an amount", () => {
  it("is the least whole number of units that the exact sum fits into", async () => {
    await fc.assert(
      fc.property(items, decimals, (list, places) => {
        const amount = amountOf(list, ENDLESS, places);
        // All over one denominator, by no code of ours: 10^40 for scales, and the product of all `per`.
        const below = list.reduce((product, { rate }) => product * rate.per, 10n ** 40n);
        const above = list.reduce((sum, { count, rate }) => {
          const scale = 10n ** BigInt(40 - count.scale - rate.price.scale);
          return sum + (count.digits * rate.price.digits * scale * (below / 10n ** 40n)) / rate.per;
        }, 0n);
        const units = above * 10n ** BigInt(places);
        expect(amount * below >= units).toBe(true);
        expect(amount === 0n || (amount - 1n) * below < units).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("is never above the maximum, and never below zero", async () => {
    await fc.assert(
      fc.property(items, decimal, decimals, (list, max, places) => {
        const amount = amountOf(list, max, places);
        expect(amount >= 0n && amount * 10n ** BigInt(max.scale) <= max.digits * 10n ** BigInt(places)).toBe(
          true,
        );
        expect(amount <= amountOf(list, ENDLESS, places)).toBe(true);
      }),
    );
  });

  it("does not fall when more is counted", async () => {
    await fc.assert(
      fc.property(items, item, decimal, decimals, (list, more, max, places) => {
        expect(amountOf([...list, more], max, places) >= amountOf(list, max, places)).toBe(true);
      }),
    );
  });

  it("of a price in a token's own steps is that price", () => {
    const price = parseDecimal("0.123456");
    if (!price) throw new Error("no price");
    expect(amountOf([once(price)], ENDLESS, 6)).toBe(123_456n);
    expect(amountOf([], ENDLESS, 6)).toBe(0n);
    expect(amountOf([{ count: whole(1), rate: { price, per: 10n ** 9n } }], ENDLESS, 6)).toBe(1n);
  });
});
