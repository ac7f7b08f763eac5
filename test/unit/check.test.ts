import { describe, expect, it } from "vitest";
import { checkTerms, checkTimeLeft, checkWindow, matchRequirements } from "../../src/payment/check.ts";
import { PAY_TO, PAYER, paymentOf, REQUIREMENTS } from "./call.ts";

const NOW = 1_790_000_000;
const SKEW = 180;
const { authorization } = paymentOf().scheme;

describe("the requirement that a client says it accepted", () => {
  const other = { ...REQUIREMENTS, network: "eip155:8453" };

  it("is ours, the very object, and the client's further members are forgotten", () => {
    const theirs = { ...REQUIREMENTS, extra: { ...REQUIREMENTS.extra, more: "x" } };
    expect(matchRequirements([other, REQUIREMENTS], theirs)).toBe(REQUIREMENTS);
  });

  it.each([
    { scheme: "upto" },
    { network: "eip155:1" },
    { asset: PAYER },
    { asset: REQUIREMENTS.asset.toLowerCase() },
    { amount: "9999" },
    { amount: "010000" },
    { payTo: PAYER },
    { maxTimeoutSeconds: 61 },
    { extra: undefined },
    { extra: {} },
    { extra: { name: "USDC" } },
    { extra: { name: "USDC", version: 2 } },
    { extra: { name: "EURC", version: "2" } },
  ])("is none when it differs in %j", (change) => {
    const { extra, ...rest } = { ...REQUIREMENTS, ...change };
    const accepted = { ...rest, ...(extra === undefined ? {} : { extra }) };
    expect(matchRequirements([other, REQUIREMENTS], accepted)).toBeUndefined();
  });

  it("is the one that is paid in that way, whatever the order", () => {
    const permit2 = { ...REQUIREMENTS, extra: { ...REQUIREMENTS.extra, assetTransferMethod: "permit2" } };
    for (const accepts of [
      [REQUIREMENTS, permit2],
      [permit2, REQUIREMENTS],
    ]) {
      expect(matchRequirements(accepts, permit2)).toBe(permit2);
      expect(matchRequirements(accepts, REQUIREMENTS)).toBe(REQUIREMENTS);
    }
  });

  it("is none of nothing", () => {
    expect(matchRequirements([], REQUIREMENTS)).toBeUndefined();
  });
});

describe("what was signed", () => {
  it("is right when recipient and amount are the ones asked for, in whatever case", () => {
    expect(checkTerms(authorization, REQUIREMENTS)).toBeUndefined();
    expect(checkTerms({ ...authorization, to: PAY_TO.toLowerCase() }, REQUIREMENTS)).toBeUndefined();
  });

  it.each([
    [{ to: PAYER }, "invalid_exact_evm_recipient_mismatch"],
    [{ value: "9999" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    [{ value: "10001" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    [{ value: "0" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    [{ value: (2n ** 256n + 10_000n).toString() }, "invalid_exact_evm_payload_authorization_value_mismatch"],
    [{ to: PAYER, value: "0" }, "invalid_exact_evm_recipient_mismatch"],
  ])("%j is %s", (change, reason) => {
    expect(checkTerms({ ...authorization, ...change }, REQUIREMENTS)).toBe(reason);
  });
});

describe("the time window", () => {
  const AFTER = "invalid_exact_evm_payload_authorization_valid_after";
  const BEFORE = "invalid_exact_evm_payload_authorization_valid_before";

  it.each([
    [0, 60, undefined],
    [SKEW, 60, undefined],
    [SKEW + 1, 60, AFTER],
    [0, 60 + SKEW, undefined],
    [0, 60 + SKEW + 1, BEFORE],
    [0, -1000, undefined],
  ])("from now %i to now %i: %s", (from, to, reason) => {
    const window = { ...authorization, validAfter: String(NOW + from), validBefore: String(NOW + to) };
    expect(checkWindow(window, REQUIREMENTS, NOW)).toBe(reason);
  });

  it("is compared without rounding, however large the numbers are", () => {
    const window = { ...authorization, validBefore: (2n ** 256n - 1n).toString() };
    expect(checkWindow(window, REQUIREMENTS, NOW)).toBe(BEFORE);
    expect(checkWindow({ ...window, validAfter: "9".repeat(78) }, REQUIREMENTS, NOW)).toBe(AFTER);
  });

  it.each([
    [6, undefined],
    [5, BEFORE],
    [0, BEFORE],
    [-1, BEFORE],
  ])("with %i seconds left of the 6 that it takes to settle: %s", (left, reason) => {
    expect(checkTimeLeft({ ...authorization, validBefore: String(NOW + left) }, 6, NOW)).toBe(reason);
  });
});
