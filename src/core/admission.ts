/** What the payment records say when they are asked. */
import type { KeptAnswer } from "./answer.ts";
import type { Balance } from "./stores.ts";
import type { Receipt } from "./x402.ts";

/** What the payment record says of a payment that is presented; only the first three may go on with it. */
export type Admission =
  /** `good`: the facilitator has said so before. */
  | { kind: "claimed"; good: boolean }
  /** `spend`: the record is that of an earlier payment with the same identifier. */
  | { kind: "paid"; receipt: Receipt; answer: KeptAnswer | undefined; spend?: string }
  /** `due`: it was served, and so much is to be charged for that, atomic units. */
  | { kind: "doubt"; since: number; due?: string | undefined; answer: KeptAnswer | undefined }
  /** Nothing was claimed: the payer has paid for the time until then, ms since 1970. */
  | { kind: "session"; endsAt: number }
  /** Nothing was claimed: one of the payer's credits was drawn. */
  | { kind: "credit"; balance: Balance }
  | { kind: "kept"; receipt: Receipt; answer: KeptAnswer }
  | { kind: "used"; receipt: Receipt }
  | { kind: "absent" }
  | { kind: "busy"; retryAfterMs: number }
  | { kind: "conflict" }
  | { kind: "failed"; reason: string };
