/** What admission needs of the rooms: each puts its questions to one batch, and says what its answers mean. */
import type { Cached } from "../core/cache.ts";
import type { Access, Admitted, Call, Payment, Ticket } from "../core/call.ts";
import type { Balance, Batch, CreditDraw, Instead, SessionName } from "../core/stores.ts";
import type { PaymentRequirements } from "../core/x402.ts";

type Asking = Pick<Batch, "add">;

/** The rooms' parts: each puts its questions to the batch. */
export type Parts = {
  openBatch: () => Batch;
  limit: (
    call: Call,
    payer: { address: string; spend: string } | undefined,
    batch: Asking,
  ) => Promise<() => Promise<Limited>>;
  /** Which targets of the upstream are out; never throws. */
  targets: (call: Call, batch: Asking) => () => Promise<Call["out"]>;
  lookUp: (
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Asking,
  ) => Promise<Looking>;
  draw: (
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Asking,
  ) => Promise<Drawing>;
  take: (
    call: Call,
    payment: Payment,
    accepts: PaymentRequirements[],
    batch: Asking,
    instead: Instead,
  ) => Taking;
  find: (call: Call, batch: Asking, mayAsk: boolean) => Promise<() => Promise<Cached>>;
  /** Whether limits can tell a payment that is new from one that was copied. */
  countsPayers: boolean;
  /** The answer's fields of a call within paid time. */
  running: (endsAt: number) => Record<string, string>;
};

/** On what grounds a call goes on, and its answer's fields; `accepts` where it is not sold at its full price. */
export type Grounds = Pick<Admitted, "access" | "headers"> & { accepts?: PaymentRequirements[] };

type Limited = { headers: Record<string, string>; refusal: Error | undefined };
/** What was asked about paid time. */
export type Looking = {
  /** Where this payer's paid time would be. */
  session: SessionName | undefined;
  /** When paid time ends. */
  byTicket: Promise<number | undefined>;
  byPayer: Promise<number | undefined>;
};
/** A drawing of a credit on its way. */
export type Drawing = {
  /** What the payment's claim may draw. */
  credit: CreditDraw | undefined;
  byTicket: Promise<Balance | undefined>;
  drawn: (balance: Balance) => Grounds;
  /** `byPayer`: whether the claim has drawn. */
  letGo: (byPayer: () => Promise<boolean>) => void;
};
type Taken =
  | Extract<Access, { kind: "claimed" | "session" | "kept" }>
  | { kind: "credit"; balance: Balance }
  | { kind: "refused"; error: Error };
/** A claim on its way. */
export type Taking = {
  taken: Promise<Taken>;
  letGo: () => void;
};
