/**
 * One request, top to bottom. The rooms decide, this file only orders:
 *
 *   match → quote → present → admit → (resolve, verify) → settle? → forward → settle? → respond
 *
 * Everything before `admit` is pure or local. `admit` is the one question to the stores before money or upstream is
 * touched. With a payment in hand, whatever happens the claim gets a last word: delivered, failed, unknown, broken or
 * abandoned. Once money has moved, what it bought is granted. What was found on the way (limits, session, receipt)
 * rides on every answer, errors included. `on…` are the operator's hooks.
 */
import type {
  Admitted,
  Answer,
  Arrival,
  Call,
  Claim,
  KeptAnswer,
  Payment,
  Quote,
  Ticket,
} from "./core/call.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import type { HookRoom, Standing } from "./core/hook-room.ts";
import { encodeHeader, HEADERS, type PaymentRequirements, type Receipt } from "./core/x402.ts";

/**
 * What a client brings to pay with: nothing on a free route, else a payment, a session's token, or both; `refused` is
 * why the payment beside a token was no good.
 */
export type Presented = { payment?: Payment | undefined; ticket?: Ticket | undefined; refused?: unknown };

type Paying = Admitted & { accepts: PaymentRequirements[]; claim: Claim };

/** The doors. What each may throw is written there; all of it is a `GatewayError`. */
export type Rooms = HookRoom & {
  match: (arrival: Arrival) => Call;
  quote: (call: Call) => Quote;
  present: (call: Call, accepts: PaymentRequirements[]) => Promise<Presented>;
  admit: (call: Call, presented: Presented, accepts: PaymentRequirements[] | undefined) => Promise<Admitted>;
  verify: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  resolve: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  settle: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<Receipt>;
  /** The answer's fields about what the settled payment has bought. */
  grant: (call: Call, claim: Claim) => Promise<Record<string, string>>;
  forward: (call: Call) => Promise<Answer>;
  replay: (kept: KeptAnswer) => Answer;
  /** What becomes of an answer that is there when its settlement has failed. */
  withhold: (call: Call, answer: Answer, claim: Claim, reason: unknown) => void;
  isServed: (status: number) => boolean;
  respond: (call: Call, answer: Answer, admitted: Admitted) => Response;
};

/** Serves one request. @throws GatewayError, rendered by `app.ts` */
export async function serve(rooms: Rooms, arrival: Arrival): Promise<Response> {
  const call = rooms.match(arrival);
  await rooms.onRequest(call);
  const quote = rooms.quote(call);
  const accepts = quote.kind === "free" ? undefined : quote.accepts;
  await rooms.onPriceResolved(call, accepts);
  const presented = accepts ? await rooms.present(call, accepts) : {};

  const standing = { ...(await rooms.admit(call, presented, accepts)), accepts };
  const { access } = standing;
  if (access.kind !== "claimed" || !accepts)
    return unwinding(rooms, call, standing, pass(rooms, call, standing));
  const paying = servePaid(rooms, call, { ...standing, accepts, claim: access.claim });
  const served = unwinding(rooms, call, standing, paying);
  // A client that leaves now must not take the isolate with it: money is about to move.
  call.waitUntil(served.catch(() => undefined));
  return served;
}

/** The one place where an admitted call goes wrong: a claim lets go, and what was found rides along. */
async function unwinding(
  rooms: Rooms,
  call: Call,
  standing: Standing,
  served: Promise<Response>,
): Promise<Response> {
  try {
    return await served;
  } catch (thrown) {
    const { access, headers } = standing;
    const error = toGatewayError(thrown).withHeaders(headers);
    await rooms.onError(call, error, standing);
    if (access.kind !== "claimed") throw error;
    const { claim } = access;
    claim.abandoned();
    throw claim.receipt ? error.withHeaders({ [HEADERS.response]: encodeHeader(claim.receipt) }) : error;
  }
}

/** Free, within paid time, or delivered before. */
async function pass(rooms: Rooms, call: Call, standing: Standing): Promise<Response> {
  const { access } = standing;
  const kept = access.kind === "kept" && rooms.replay(access.answer);
  return hand(rooms, call, kept || (await ask(rooms, call, standing)), standing);
}

/** The upstream's answer, as the hook leaves it. */
async function ask(rooms: Rooms, call: Call, standing: Standing): Promise<Answer> {
  return rooms.onResponse(call, await rooms.forward(call), standing);
}

/** The answer goes out. */
async function hand(rooms: Rooms, call: Call, answer: Answer, standing: Standing): Promise<Response> {
  const { status } = answer.response;
  if (!rooms.isServed(status)) await rooms.onError(call, { status }, standing);
  return rooms.respond(call, answer, standing);
}

/** With a payment in hand. A claim that comes with a receipt was paid earlier and is not charged again. */
async function servePaid(rooms: Rooms, call: Call, paying: Paying): Promise<Response> {
  const { claim, accepts } = paying;
  const before = call.route.settlement === "before-response";
  const paidEarlier = claim.receipt !== undefined;
  if (claim.inDoubtSince !== undefined) await rooms.resolve(call, claim, accepts);
  const trusted = claim.verified || (before && claim.payment.proven);
  if (!claim.receipt && !trusted) await rooms.verify(call, claim, accepts);
  if (!claim.receipt && before) await rooms.settle(call, claim, accepts);

  // Goes on while the upstream is asked: no call waits for the store a second time before that.
  let granting = claim.receipt && rooms.grant(call, claim);
  let answer: Answer;
  try {
    if (claim.receipt && !paidEarlier) await rooms.onSettled(call, claim, accepts);
    answer = await produce(rooms, call, paying);
    if (!claim.receipt && answer.unsettled === undefined && rooms.isServed(answer.response.status)) {
      // Charged for an answer that is there but not yet handed out.
      await rooms.settle(call, claim, accepts).catch((error: unknown) => {
        rooms.withhold(call, answer, claim, error);
        throw error;
      });
      granting = rooms.grant(call, claim);
      await rooms.onSettled(call, claim, accepts);
    }
  } finally {
    Object.assign(paying.headers, await granting);
  }
  return hand(rooms, call, answer, paying);
}

/** The answer: of the upstream, or one that it gave earlier, while it was in doubt whether it was paid. */
async function produce(rooms: Rooms, call: Call, paying: Paying): Promise<Answer> {
  const { claim } = paying;
  // Another isolate has taken over, because this one stalled: it serves.
  if (claim.lost.aborted) throw new GatewayError("payment_in_progress", { headers: { "retry-after": "5" } });
  return claim.answer && claim.receipt ? rooms.replay(claim.answer) : ask(rooms, call, paying);
}
