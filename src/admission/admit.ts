/**
 * The one question to the stores before money or upstream is touched: rate limits, the session, the payment's claim.
 * Each room puts its part into one batch, so that whatever is switched on, one request to one connection is all a call
 * waits for. Then they are heard in order:
 *
 * | heard | then |
 * |---|---|
 * | a limit is used up | 429; a claim that was taken is given back |
 * | the session of a token runs | through, uncharged |
 * | the session of a payer runs, who proves with a fresh signature to be the payer | through, uncharged; nothing is claimed |
 * | the payment | claimed, its kept answer, or why not |
 * | nothing of these on a priced route | 402: the token was no good |
 */
import type { Access, Admitted, Call, Payment, Ticket } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { toGatewayError } from "../core/errors.ts";
import type { Batch, SessionName } from "../core/stores.ts";
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
  lookUp: (
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Asking,
  ) => Promise<Looking>;
  take: (
    call: Call,
    payment: Payment,
    accepts: PaymentRequirements[],
    batch: Asking,
    session: SessionName | undefined,
  ) => Taking;
  /** Whether limits can tell a payment that is new from one that was copied. */
  countsPayers: boolean;
  /** The answer's fields of a call within paid time. */
  running: (endsAt: number) => Record<string, string>;
};

type Limited = { headers: Record<string, string>; refusal: Error | undefined };
type Looking = {
  /** Where this payer's paid time would be. */
  session: SessionName | undefined;
  /** When paid time ends. */
  byTicket: Promise<number | undefined>;
  byPayer: Promise<number | undefined>;
};
type Taking = {
  taken: Promise<
    Extract<Access, { kind: "claimed" | "session" | "kept" }> | { kind: "refused"; error: Error }
  >;
  letGo: () => void;
};

/**
 * Admits the call or refuses it.
 * @throws GatewayError `rate_limited`, `payment_*`, `store_unavailable`; with the headers of its answer
 */
export type Admit = (
  call: Call,
  presented: { ticket?: Ticket | undefined; payment?: Payment | undefined; refused?: unknown },
  accepts: PaymentRequirements[] | undefined,
) => Promise<Admitted>;

/** Makes the room. */
export function makeAdmit({ openBatch, limit, lookUp, take, running, countsPayers }: Parts): Admit {
  return async function admit(call, { ticket, payment, refused }, accepts) {
    const payer = countsPayers && payment ? payerOf(payment) : undefined;
    const batch = openBatch();
    const limiting = await limit(call, payer, batch);
    const looking = await lookUp(call, ticket, payment, batch);
    const taking = payment && accepts && take(call, payment, accepts, batch, looking.session);
    batch.send();

    let headers: Record<string, string> = {};
    try {
      const limited = await limiting();
      headers = limited.headers;
      if (limited.refusal) throw limited.refusal;
      const access = accepts
        ? await decide(call, accepts, looking, taking, refused)
        : ({ kind: "free" } as const);
      if (access.kind !== "session") return { access, headers };
      taking?.letGo();
      return { access, headers: { ...headers, ...running(access.endsAt) } };
    } catch (error) {
      taking?.letGo();
      throw toGatewayError(error).withHeaders(headers);
    }
  };
}

/** The payer, once proven; a payment that is too late proves nothing but that it was signed once. */
function payerOf({ proven, expired, payer, spend }: Payment): { address: string; spend: string } | undefined {
  const known = proven && expired === undefined;
  return known && payer !== undefined ? { address: payer.toLowerCase(), spend } : undefined;
}

async function decide(
  call: Call,
  accepts: PaymentRequirements[],
  { byTicket, byPayer }: Looking,
  taking: Taking | undefined,
  refused: unknown,
): Promise<Access> {
  const endsAt = await byTicket;
  if (endsAt !== undefined) return { kind: "session", endsAt };
  if (!taking) throw refused ?? challenge(call, accepts, "payment_required", "session_ended");
  const taken = await taking.taken;
  if (taken.kind === "refused") throw taken.error;
  // What was presented before is published on the chain, and whoever reads it there could present it.
  if (taken.kind === "claimed" && !taken.claim.repeated) {
    const paidUntil = await byPayer;
    if (paidUntil !== undefined) return { kind: "session", endsAt: paidUntil };
  }
  return taken;
}
