import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDearer, parsePrice, toAtomic } from "../../src/core/money.ts";

const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^\\d{1,${maxLength}}$`));
const price = fc.record({ whole: digits(30), fraction: fc.option(digits(30), { nil: undefined }) });
const textOf = ({ whole, fraction }: { whole: string; fraction: string | undefined }) =>
  fraction === undefined ? whole : `${whole}.${fraction}`;

/** The price as a fraction of integers, by no code of ours. */
function rational(text: string): { above: bigint; below: bigint } {
  const [whole = "", fraction = ""] = text.split(".");
  return { above: BigInt(whole + fraction), below: BigInt(`1${"0".repeat(fraction.length)}`) };
}

describe("a price in atomic units", () => {
  it("is exact or not said at all: it is never rounded", async () => {
    await fc.assert(
      fc.property(price.map(textOf), fc.nat(36), fc.boolean(), (text, decimals, dollar) => {
        const decimal = parsePrice(dollar ? `$${text}` : text)?.amount;
        const atomic = decimal && toAtomic(decimal, decimals);
        const { above, below } = rational(text);
        const units = above * 10n ** BigInt(decimals);
        // atomic / 10^decimals = above / below, without a remainder.
        expect(atomic).toBe(units % below === 0n ? units / below : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["$0.01", 6, 10_000n],
    ["$1", 18, 10n ** 18n],
    ["$0.000001", 6, 1n],
    ["$0.0100000", 6, 10_000n],
    ["$0.0000001", 6, undefined],
    ["$0.1", 0, undefined],
    ["$90071992547409.931234", 6, 90_071_992_547_409_931_234n],
    ["$0.30", 1, 3n],
  ])("%s with %i decimals is %s", (text, decimals, expected) => {
    const decimal = parsePrice(text)?.amount;
    expect(decimal && toAtomic(decimal, decimals)).toBe(expected);
  });

  it("is not read from anything that is not plainly a decimal number", () => {
    for (const text of [
      "",
      "$",
      "-1",
      "+1",
      "1e3",
      ".5",
      "5.",
      "1.2.3",
      "1,000",
      "0x10",
      "１",
      "1 000",
      "$$1",
      "NaN",
    ]) {
      expect(parsePrice(text), text).toBeUndefined();
    }
  });
});

describe("the dearer of two prices", () => {
  it("is told exactly, and free is never dearer", async () => {
    const free = fc.constant(undefined);
    await fc.assert(
      fc.property(fc.oneof(price.map(textOf), free), fc.oneof(price.map(textOf), free), (a, b) => {
        const dearer = isDearer(
          a === undefined ? a : parsePrice(a)?.amount,
          b === undefined ? b : parsePrice(b)?.amount,
        );
        const [x, y] = [a, b].map((text) => rational(text ?? "-1"));
        expect(dearer).toBe(x !== undefined && y !== undefined && x.above * y.below > y.above * x.below);
      }),
    );
  });
});
