/**
 * The one question to the stores before money or upstream is touched: rate limits, the session or a credit, the claim, the
 * kept answer. Each room puts its part into one batch, so that whatever is switched on, one request to one connection is
 * all a call waits for. Then they are heard in order:
 *
 * | heard | then |
 * |---|---|
 * | a limit is used up | 429; a claim that was taken is given back, and so is a credit |
 * | no answer is kept, and the client wants no other | 504; the same |
 * | an answer is kept, fresh, that costs nothing | through, uncharged, unless the payment has moved already |
 * | the session of a token runs | through, uncharged |
 * | the session of a payer runs, who proves with a fresh signature to be the payer | through, uncharged; nothing is claimed |
 * | a credit was drawn, by a token or such a payer | through, uncharged |
 * | the payment | claimed, its kept answer, or why not |
 * | nothing of these on a priced route | 402: the token was no good, or what it costs depends on what is kept |
 *
 * Which of an upstream's targets are out is asked along, and refuses nothing.
 */
import type { Cached } from "../core/cache.ts";
import type { Admitted, Call, Payment, Ticket } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { toGatewayError } from "../core/errors.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import type { Drawing, Grounds, Looking, Parts, Taking } from "./parts.ts";
import { priceFor } from "./price.ts";

/**
 * Admits the call or refuses it.
 * @throws GatewayError `rate_limited`, `payment_*`, `not_cached`, `store_unavailable`; with the headers of its answer
 */
export type Admit = (
  call: Call,
  presented: { ticket?: Ticket | undefined; payment?: Payment | undefined; refused?: unknown },
  accepts: PaymentRequirements[] | undefined,
) => Promise<Admitted & { accepts: PaymentRequirements[] | undefined; cached: Cached }>;

/** Makes the room. */
export function makeAdmit(parts: Parts): Admit {
  const { openBatch, limit, targets, lookUp, draw, take, find, running, countsPayers } = parts;
  return async function admit(call, { ticket, payment, refused }, accepts) {
    const payer = countsPayers && payment ? payerOf(payment) : undefined;
    const batch = openBatch();
    const limiting = await limit(call, payer, batch);
    const healthy = targets(call, batch);
    const looking = await lookUp(call, ticket, payment, batch);
    const drawing = await draw(call, ticket, payment, batch);
    // Who brings nothing is asked for payment, unless what is there costs nothing.
    const finding = await find(call, batch, !accepts || payment !== undefined || ticket !== undefined);
    const instead = { session: looking.session, credit: drawing.credit };
    const taking = payment && accepts && take(call, payment, accepts, batch, instead);
    batch.send();

    const found = finding();
    let headers: Record<string, string> = {};
    try {
      const limited = await limiting();
      headers = limited.headers;
      if (limited.refusal) throw limited.refusal;
      const cached = await found;
      if (cached.refusal) throw cached.refusal;
      const out = await healthy();
      if (!accepts) return { access: { kind: "free" }, headers, cached, accepts, out };
      const asked = { looking, drawing, taking, running, refused, payment };
      const admitted = await decide(call, accepts, { ...asked, cached });
      const { kind } = admitted.access;
      if (kind === "session" || kind === "credit" || kind === "free") taking?.letGo();
      if (kind === "kept") cached.letGo();
      return { accepts, ...admitted, cached, out, headers: { ...headers, ...admitted.headers } };
    } catch (error) {
      taking?.letGo();
      drawing.letGo(() => hasDrawn(taking));
      call.waitUntil(found.then((cached) => cached.letGo()));
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
  cached: Cached;
  payment: Payment | undefined;
};

async function decide(
  call: Call,
  accepts: PaymentRequirements[],
  { looking, drawing, taking, running, refused, cached, payment }: Asked,
): Promise<Grounds> {
  const within = (endsAt: number): Grounds => ({
    access: { kind: "session", endsAt },
    headers: running(endsAt),
  });
  const endsAt = await looking.byTicket;
  if (endsAt !== undefined) return within(endsAt);
  const drawn = await drawing.byTicket;
  if (drawn) return drawing.drawn(drawn);
  const price = priceFor(call, accepts, cached.fresh);
  if (!taking) {
    if (price.free) return { access: { kind: "free" }, headers: {} };
    throw refused ?? challenge(call, price.accepts, "payment_required", reasonOf(call));
  }
  const taken = await taking.taken;
  // What has moved has bought its call, whatever that costs now; what has not is let go, and may be used again.
  const isNew = taken.kind === "claimed" && !taken.claim.receipt && taken.claim.inDoubtSince === undefined;
  if (price.free && (isNew || taken.kind === "refused")) return { access: { kind: "free" }, headers: {} };
  if (taken.kind === "refused") throw taken.error;
  if (isNew && payment && !price.takes(payment.requirements)) {
    throw challenge(call, price.accepts, "payment_rejected", "price_has_changed");
  }
  if (taken.kind === "credit") return drawing.drawn(taken.balance);
  if (taken.kind === "session") return within(taken.endsAt);
  // What was presented before is published on the chain, and whoever reads it there could present it.
  if (taken.kind === "claimed" && !taken.claim.repeated) {
    const paidUntil = await looking.byPayer;
    if (paidUntil !== undefined) return within(paidUntil);
  }
  return { access: taken, headers: {}, accepts: price.accepts };
}

/** Why a call without a payment is not let through: a token that was no good. */
function reasonOf({ route }: Call): string | undefined {
  if (route.credits) return "credits_used_up";
  return route.session ? "session_ended" : undefined;
}
