/** A Solana transaction is one payment, however it is written, and what could be written in two ways is refused. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isSolanaAddress, toBase58 } from "../../src/core/base58.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { readTransaction } from "../../src/payment/message.ts";
import { readSolana } from "../../src/payment/solana.ts";
import { solanaAccount, solanaTransaction } from "../fixtures/solana.ts";

const owner = solanaAccount();
const fees = solanaAccount();
const blockhash = randomBytes(32);
const transaction = (wishes = {}) => solanaTransaction(owner, fees.key, 10_000n, { blockhash, ...wishes });

describe("base58", () => {
  it.each([
    ["", ""],
    ["00", "1"],
    ["0000287fb4cd", "11233QC4"],
    ["61", "2g"],
    ["516b6fcd0f", "ABnLTmg"],
  ])("of %s is %s", (hex, text) => {
    expect(toBase58(Buffer.from(hex, "hex"))).toBe(text);
  });

  it.each([
    ["EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", true],
    ["So11111111111111111111111111111111111111112", true],
    ["11111111111111111111111111111111", false],
    ["EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyT", false],
    ["EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt10", false],
    ["0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", false],
    [`${"z".repeat(44)}`, false],
  ])("%s is an account: %s", (text, is) => {
    expect(isSolanaAddress(text)).toBe(is);
  });

  it("every account's address is one", () => {
    for (let i = 0; i < 50; i++) expect(isSolanaAddress(solanaAccount().address)).toBe(true);
  });
});

describe("a transaction", () => {
  it.each([false, true])("has a message and a fee payer (versioned: %s)", (versioned) => {
    const read = readTransaction(transaction({ versioned }));
    expect(read?.feePayer).toBe(fees.address);
    const bytes = Buffer.from(transaction({ versioned }), "base64");
    expect(read?.message).toBe(bytes.subarray(129).toString("hex"));
  });

  it("is the same whatever stands where the fee payer's signature will be", () => {
    const signed = transaction({ feeSignature: randomBytes(64) });
    expect(signed).not.toBe(transaction());
    expect(readTransaction(signed)?.message).toBe(readTransaction(transaction())?.message);
  });

  it("with another block or amount is another", () => {
    const first = readTransaction(transaction())?.message;
    expect(readTransaction(transaction({ blockhash: randomBytes(32) }))?.message).not.toBe(first);
    expect(readTransaction(solanaTransaction(owner, fees.key, 1n, { blockhash }))?.message).not.toBe(first);
  });

  const bytes = Buffer.from(transaction(), "base64");
  const padded = transaction({ versioned: true });
  // The last letter before the padding has two bits to spare.
  const last = padded.at(-2) === "B" ? "D" : "B";
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy.toString("base64");
  };
  it.each([
    ["a count in more bytes than it takes", transaction({ padded: true })],
    ["bytes behind it", transaction({ trailing: Buffer.from([0]) })],
    ["a byte too few", bytes.subarray(0, -1).toString("base64")],
    ["no signature", changed(0, 0)],
    [
      "one signature for two signers",
      Buffer.concat([Buffer.from([1]), bytes.subarray(65)]).toString("base64"),
    ],
    ["more signers than accounts", changed(129, 7)],
    [
      "an unknown version",
      Buffer.concat([bytes.subarray(0, 129), Buffer.from([0x81]), bytes.subarray(129)]).toString("base64"),
    ],
    ["base64 without its padding", padded.replace(/=+$/, "")],
    ["base64 with bits behind its end", `${padded.slice(0, -2)}${last}=`],
    ["nothing", ""],
  ])("with %s is none", (_, text) => {
    expect(readTransaction(text)).toBeUndefined();
  });
});

describe("a payment on Solana", () => {
  const requirements = (extra: Record<string, unknown>): PaymentRequirements => ({
    scheme: "exact",
    network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
    asset: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
    amount: "10000",
    payTo: "So11111111111111111111111111111111111111112",
    maxTimeoutSeconds: 60,
    extra,
  });
  const times = { now: 1_790_000_000, margin: 6 };
  const ours = requirements({ feePayer: fees.address });

  it("is nobody's until the facilitator has said whose, and lives as long as its block is known", async () => {
    const read = await readSolana({ transaction: transaction() }, ours, times);
    expect(read).toMatchObject({
      payer: undefined,
      proven: false,
      expired: undefined,
      validBefore: 1_790_000_120,
    });
  });

  it("that lets somebody else pay the fees is refused", async () => {
    const theirs = requirements({ feePayer: owner.address });
    expect(await readSolana({ transaction: transaction() }, theirs, times)).toBe(
      "invalid_exact_svm_payload_fee_payer_mismatch",
    );
  });

  it("that cannot be read is refused, and without a transaction it is none", async () => {
    expect(await readSolana({ transaction: "AAAA" }, ours, times)).toBe(
      "invalid_exact_svm_payload_transaction",
    );
    expect(await readSolana({ transaction: "%" }, ours, times)).toBeUndefined();
    expect(await readSolana({ authorization: {} }, ours, times)).toBeUndefined();
  });
});
