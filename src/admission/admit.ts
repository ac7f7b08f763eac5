/**
 * The one question to the stores before money or upstream is touched: rate limits, the session or a credit, the claim.
 * Each room puts its part into one batch, so that whatever is switched on, one request to one connection is all a call
 * waits for. Then they are heard in order:
 *
 * | heard | then |
 * |---|---|
 * | a limit is used up | 429; a claim that was taken is given back, and so is a credit |
 * | the session of a token runs | through, uncharged |
 * | the session of a payer runs, who proves with a fresh signature to be the payer | through, uncharged; nothing is claimed |
 * | a credit was drawn, by a token or such a payer | through, uncharged |
 * | the payment | claimed, its kept answer, or why not |
 * | nothing of these on a priced route | 402: the token was no good |
 *
 * Which of an upstream's targets are out is asked along, and refuses nothing.
 */
import type { Admitted, Call, Payment, Ticket } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { toGatewayError } from "../core/errors.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import type { Drawing, Looking, Parts, Taking } from "./parts.ts";

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
export function makeAdmit(parts: Parts): Admit {
  const { openBatch, limit, targets, lookUp, draw, take, running, countsPayers } = parts;
  return async function admit(call, { ticket, payment, refused }, accepts) {
    const payer = countsPayers && payment ? payerOf(payment) : undefined;
    const batch = openBatch();
    const limiting = await limit(call, payer, batch);
    const healthy = targets(call, batch);
    const looking = await lookUp(call, ticket, payment, batch);
    const drawing = await draw(call, ticket, payment, batch);
    const instead = { session: looking.session, credit: drawing.credit };
    const taking = payment && accepts && take(call, payment, accepts, batch, instead);
    batch.send();

    let headers: Record<string, string> = {};
    try {
      const limited = await limiting();
      headers = limited.headers;
      if (limited.refusal) throw limited.refusal;
      if (!accepts) return { access: { kind: "free" }, headers, out: await healthy() };
      const asked = { looking, drawing, taking, running, refused };
      const admitted = await decide(call, accepts, asked);
      if (admitted.access.kind === "session" || admitted.access.kind === "credit") taking?.letGo();
      const found = { ...headers, ...admitted.headers };
      return { access: admitted.access, headers: found, out: await healthy() };
    } catch (error) {
      taking?.letGo();
      drawing.letGo(() => hasDrawn(taking));
      throw toGatewayError(error).withHeaders(headers);
    }
  };
}

/** The payer, once proven; a payment that is too late proves nothing but that it was signed once. */
function payerOf({ proven, expired, payer, spend }: Payment): { address: string; spend: string } | undefined {
  const known = proven && expired === undefined;
  return known && payer !== undefined ? { address: payer.toLowerCase(), spend } : undefined;
}

async function hasDrawn(taking: Taking | undefined): Promise<boolean> {
  return (await taking?.taken)?.kind === "credit";
}

/** What the stores were asked about one call. */
type Asked = Pick<Parts, "running"> & {
  looking: Looking;
  drawing: Drawing;
  taking: Taking | undefined;
  refused: unknown;
};

async function decide(
  call: Call,
  accepts: PaymentRequirements[],
  { looking, drawing, taking, running, refused }: Asked,
): Promise<Admitted> {
  const within = (endsAt: number): Admitted => ({
    access: { kind: "session", endsAt },
    headers: running(endsAt),
  });
  const endsAt = await looking.byTicket;
  if (endsAt !== undefined) return within(endsAt);
  const drawn = await drawing.byTicket;
  if (drawn) return drawing.drawn(drawn);
  const over = call.route.credits ? "credits_used_up" : "session_ended";
  if (!taking) throw refused ?? challenge(call, accepts, "payment_required", over);
  const taken = await taking.taken;
  if (taken.kind === "refused") throw taken.error;
  if (taken.kind === "credit") return drawing.drawn(taken.balance);
  if (taken.kind === "session") return within(taken.endsAt);
  // What was presented before is published on the chain, and whoever reads it there could present it.
  if (taken.kind === "claimed" && !taken.claim.repeated) {
    const paidUntil = await looking.byPayer;
    if (paidUntil !== undefined) return within(paidUntil);
  }
  return { access: taken, headers: {} };
}
