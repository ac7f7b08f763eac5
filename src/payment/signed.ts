/** What every way to pay is read as. */
import type { Payment } from "../core/call.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** A payment that is good for the requirements, as far as can be told without asking anyone. */
export type Signed = Pick<Payment, "scheme" | "payer" | "validBefore" | "proven" | "expired"> & {
  /** What the chain allows to be spent once. */
  once: string[];
  /** What only the signer could make. */
  signature: string;
};

/** Now, and how long before its end a payment is too late, in whole seconds. */
export type Times = { now: number; margin: number };

/** Reads a scheme's payload: signed for these requirements; else the x402 error reason; undefined when it has not its shape. */
export type ReadSigned = (
  payload: Record<string, unknown>,
  requirements: PaymentRequirements,
  times: Times,
) => Promise<Signed | string | undefined>;
