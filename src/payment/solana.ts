/**
 * `exact` on Solana: a transaction that the payer has signed and the facilitator signs and sends. Whether it pays, and who
 * pays, only the facilitator can tell; it is asked before anything is served. Here it is told apart from every other.
 */
import { SolanaPayload } from "../core/payloads.ts";
import { readTransaction } from "./message.ts";
import type { ReadSigned } from "./signed.ts";

/** A transaction names a recent block and is forgotten by the chain some 150 blocks later, seconds. */
const LIFE_SECONDS = 120;

/** Reads and checks it. */
export const readSolana: ReadSigned = async (payload, { maxTimeoutSeconds, extra }, { now }) => {
  const parsed = SolanaPayload.safeParse(payload);
  if (!parsed.success) return undefined;
  const read = readTransaction(parsed.data.transaction);
  if (!read) return "invalid_exact_svm_payload_transaction";
  if (read.feePayer !== extra?.feePayer) return "invalid_exact_svm_payload_fee_payer_mismatch";
  return {
    scheme: parsed.data,
    payer: undefined,
    validBefore: now + Math.max(maxTimeoutSeconds, LIFE_SECONDS),
    proven: false,
    expired: undefined,
    once: ["message", read.message],
    signature: parsed.data.transaction,
  };
};

/** The account that a payload's transaction names for the fees. */
export function feePayerOf(payload: Record<string, unknown>): string | undefined {
  const parsed = SolanaPayload.safeParse(payload);
  return parsed.success ? readTransaction(parsed.data.transaction)?.feePayer : undefined;
}
