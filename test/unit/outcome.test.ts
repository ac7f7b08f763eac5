/**
 * How a facilitator's reply to `/settle` is read. `failed` tells the client that nothing was charged, so each row says
 * why that is certain: by the code of the reference facilitator (@x402/evm, exact/facilitator, `settleEIP3009`).
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseSettlement } from "../../src/facilitator/outcome.ts";
import { PAYER, paymentOf, REQUIREMENTS, TRANSACTION } from "./call.ts";

type Reply = NonNullable<Parameters<typeof parseSettlement>[2]>;

const settle = (reply: Reply | undefined, status = 200, proven = true) =>
  parseSettlement(paymentOf(proven), status, reply);
const refusal = (errorReason: string, transaction = ""): Reply => ({
  success: false,
  errorReason,
  transaction,
});
const success = (change: Partial<Reply> = {}): Reply => ({
  success: true,
  transaction: TRANSACTION,
  network: "eip155:84532",
  payer: PAYER,
  ...change,
});

const BEFORE_SENDING = "verifyEIP3009 says so, and nothing has been sent";
/** Reasons of the reference facilitator with an empty transaction that are certain. */
const FAILED: [reason: string, because: string][] = [
  ["invalid_exact_evm_scheme", BEFORE_SENDING],
  ["invalid_exact_evm_missing_eip712_domain", BEFORE_SENDING],
  ["invalid_exact_evm_network_mismatch", BEFORE_SENDING],
  ["invalid_exact_evm_signature", "the token checks the signature in the transfer itself"],
  ["invalid_exact_evm_recipient_mismatch", BEFORE_SENDING],
  ["invalid_exact_evm_payload_authorization_valid_before", "verified, or the token's own revert"],
  ["invalid_exact_evm_payload_authorization_valid_after", "verified, or the token's own revert"],
  ["invalid_exact_evm_payload_authorization_value_mismatch", BEFORE_SENDING],
  ["invalid_exact_evm_token_name_mismatch", BEFORE_SENDING],
  ["invalid_exact_evm_token_version_mismatch", BEFORE_SENDING],
  [
    "invalid_exact_evm_insufficient_balance",
    "the token tells a used authorization before it looks at the balance",
  ],
  ["invalid_exact_evm_failed_to_parse_signature", "returned before the transfer is tried"],
  ["invalid_permit2_spender", BEFORE_SENDING],
  ["permit2_amount_mismatch", BEFORE_SENDING],
  ["permit2_token_mismatch", BEFORE_SENDING],
  ["upto_facilitator_mismatch", BEFORE_SENDING],
  ["eip6492_factory_not_allowed", "returned before the wallet is deployed"],
];
const IN_DOUBT: [reason: string, because: string][] = [
  ["invalid_exact_evm_nonce_already_used", "somebody submitted it, and it paid the seller"],
  [
    "invalid_exact_evm_transaction_failed",
    "whatever sending threw, a lost reply to sendRawTransaction included",
  ],
  ["invalid_exact_evm_transfer_event_mismatch", "it was mined, and its logs could not be read"],
  ["invalid_transaction_state", "of a transaction that was sent"],
  ["settlement_pending", "it was sent, and nobody waited"],
  ["smart_wallet_deployment_failed", "a transaction was sent, if not this one"],
  ["permit2_invalid_nonce", "somebody submitted it, and it paid the seller"],
  ["permit2_simulation_failed", "it may be for the nonce, and nobody has looked"],
  ["permit2_insufficient_balance", "found after a simulation had failed, perhaps for the nonce"],
  ["permit2_allowance_required", "found after a simulation had failed, perhaps for the nonce"],
];

describe("a refusal to settle", () => {
  it.each(FAILED)("%s is certain: %s", (reason) => {
    expect(settle(refusal(reason))).toEqual({ kind: "failed", reason });
    // With a transaction nothing is certain any more.
    expect(settle(refusal(reason, TRANSACTION))).toEqual({
      kind: "unknown",
      reason,
      transaction: TRANSACTION,
    });
  });

  it.each(IN_DOUBT)("%s leaves a doubt: %s", (reason) => {
    expect(settle(refusal(reason))).toEqual({ kind: "unknown", reason });
    expect(settle(refusal(reason, TRANSACTION))).toEqual({
      kind: "unknown",
      reason,
      transaction: TRANSACTION,
    });
  });

  it("has a reason that the reference facilitator really gives, or this table is out of date", () => {
    const folder = join(dirname(fileURLToPath(import.meta.resolve("@x402/evm/exact/facilitator"))), "../..");
    const chunks = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
    const code = chunks.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
    for (const [reason] of [...FAILED, ...IN_DOUBT]) expect(code, reason).toContain(`"${reason}"`);
  });

  it.each(["unknown_settlement_error", "settle_exact_failed_onchain", "unexpected_error", "made_up", ""])(
    "%j of whomever leaves a doubt",
    (reason) => {
      expect(settle(refusal(reason)).kind).toBe("unknown");
    },
  );

  it("without a reason leaves a doubt", () => {
    expect(settle({ success: false }).kind).toBe("unknown");
    expect(settle({ success: false, errorReason: null, transaction: null }).kind).toBe("unknown");
  });

  it("is read the same whatever the status it comes with", () => {
    for (const status of [200, 400, 402, 500]) {
      expect(settle(refusal("invalid_exact_evm_scheme"), status).kind).toBe("failed");
      expect(settle(refusal("settlement_pending"), status).kind).toBe("unknown");
    }
  });

  it.each([
    "Error: revert at 0xabc (node-7.internal)",
    "invalid_exact_evm_scheme\nSet-Cookie: x",
    `invalid_${"a".repeat(100)}`,
    "INVALID",
  ])("keeps the facilitator's own words to itself: %j", (reason) => {
    expect(settle(refusal(reason))).toMatchObject({ reason: "payment_refused" });
  });
});

describe("a success", () => {
  const receipt = { success: true, transaction: TRANSACTION, network: "eip155:84532", payer: PAYER };

  it("is settled, and its receipt says what we know rather than what we were told", () => {
    expect(settle(success())).toEqual({ kind: "settled", receipt });
    const said = success({
      payer: PAYER.toLowerCase(),
      network: "base-sepolia",
      amount: REQUIREMENTS.amount,
    });
    expect(settle(said)).toEqual({ kind: "settled", receipt });
    expect(settle(success({ payer: null, network: null, amount: null }))).toEqual({
      kind: "settled",
      receipt,
    });
  });

  it.each([
    [{ network: "eip155:8453" }, "network_mismatch"],
    [{ network: "base" }, "network_mismatch"],
    [{ network: "solana" }, "network_mismatch"],
    [{ payer: REQUIREMENTS.payTo }, "payer_mismatch"],
    [{ amount: "9999" }, "amount_mismatch"],
  ])("that says %j leaves a doubt, and the transaction is kept", (change, reason) => {
    expect(settle(success(change))).toEqual({ kind: "unknown", reason, transaction: TRANSACTION });
  });

  it.each(["", null, undefined, "0x", "pending", `${TRANSACTION}00`, `0x${"zz".repeat(32)}`])(
    "with the transaction %j proves nothing",
    (transaction) => {
      expect(
        settle({
          success: true,
          network: "eip155:84532",
          ...(transaction === undefined ? {} : { transaction }),
        }),
      ).toEqual({
        kind: "unknown",
        reason: "no_transaction",
      });
    },
  );

  it.each([201, 302, 400, 500])("under the status %i leaves a doubt", (status) => {
    expect(settle(success(), status)).toMatchObject({
      kind: "unknown",
      reason: `facilitator_answered_${status}`,
    });
  });
});

describe("a success of an upto payment", () => {
  const upto = { ...paymentOf(), requirements: { ...REQUIREMENTS, scheme: "upto" } };
  const charged = (amount: string | null, asked?: string) =>
    parseSettlement(upto, 200, success({ amount }), asked);

  it("says how much was charged", () => {
    expect(charged("4000", "4000")).toMatchObject({ kind: "settled", receipt: { amount: "4000" } });
    expect(charged(null, "4000")).toMatchObject({ kind: "settled", receipt: { amount: "4000" } });
    expect(charged("10000")).toMatchObject({ kind: "settled", receipt: { amount: "10000" } });
  });

  it.each([
    ["4001", "4000"],
    ["10000", "4000"],
    ["4000", undefined],
  ])("of %s in place of %s leaves a doubt", (amount, asked) => {
    expect(charged(amount, asked)).toMatchObject({ kind: "unknown", reason: "amount_mismatch" });
  });
});

describe("a success on Solana", () => {
  const network = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
  const owner = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
  const solana = { ...paymentOf(false), payer: undefined, requirements: { ...REQUIREMENTS, network } };
  const settled = (change: Partial<Reply>) =>
    parseSettlement(solana, 200, success({ network, payer: owner, transaction: "5".repeat(88), ...change }));

  it("has a transaction in base58, and the payer whom the facilitator names", () => {
    expect(settled({})).toMatchObject({ kind: "settled", receipt: { payer: owner, network } });
    expect(settled({ network: "solana-devnet" })).toMatchObject({ kind: "settled" });
  });

  it.each([
    [{ transaction: TRANSACTION }, "no_transaction"],
    [{ transaction: "0".repeat(88) }, "no_transaction"],
    [{ network: "solana" }, "network_mismatch"],
    [{ payer: PAYER }, "payer_mismatch"],
  ])("that says %j leaves a doubt", (change, reason) => {
    expect(settled(change)).toMatchObject({ kind: "unknown", reason });
  });
});

describe("a reply that is none", () => {
  it.each([400, 401, 403, 404, 413, 422, 429])("under %i: the request was refused as such", (status) => {
    expect(settle(undefined, status)).toEqual({ kind: "refused", reason: `facilitator_answered_${status}` });
  });

  it.each([200, 204, 301, 408, 409, 500, 502, 503, 504])("under %i: it may have happened", (status) => {
    expect(settle(undefined, status)).toEqual({ kind: "unknown", reason: `facilitator_answered_${status}` });
  });
});
