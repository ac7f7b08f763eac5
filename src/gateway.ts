/**
 * One request, top to bottom. The rooms decide, this file only orders:
 *
 *   match → quote → present → admit → (resolve, verify) → settle? → forward → settle? → respond
 *
 * Everything before `admit` is pure or local. `admit` is the one question to the stores before money or upstream is
 * touched. With a payment in hand, whatever happens the claim gets a last word: delivered, failed, unknown, broken or
 * abandoned. Once money has moved, what it bought is granted. What was found on the way (limits, session, receipt)
 * rides on every answer, errors included.
 */
import type { Admitted, Answer, Arrival, Call, Claim, KeptAnswer, Payment, Ticket } from "./core/call.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import type { Quote } from "./core/quote.ts";
import { receiptHeaders } from "./core/receipt.ts";
import { settlesUnseen } from "./core/terms.ts";
import { checkUpgrade } from "./core/upgrade.ts";
import type { PaymentRequirements, Receipt } from "./core/x402.ts";

/**
 * What a client brings to pay with: nothing on a free route, else a payment, a session's token, or both; `refused` is
 * why the payment beside a token was no good.
 */
export type Presented = { payment?: Payment | undefined; ticket?: Ticket | undefined; refused?: unknown };

/** The doors. What each may throw is written there; all of it is a `GatewayError`. */
export type Rooms = {
  match: (arrival: Arrival) => Call;
  quote: (call: Call) => Promise<Quote>;
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
  const matched = rooms.match(arrival);
  checkUpgrade(matched);
  const quote = await rooms.quote(matched);
  const [call, accepts] =
    quote.kind === "free" ? [matched] : [{ ...matched, quoted: quote.quoted }, quote.accepts];
  const presented = accepts ? await rooms.present(call, accepts) : {};

  const admitted = await rooms.admit(call, presented, accepts);
  const { access } = admitted;
  const paying = access.kind === "claimed" && accepts && { admitted, claim: access.claim, accepts };
  const serving = paying ? servePaid(rooms, call, paying) : pass(rooms, call, admitted);
  const served = unwinding(call, admitted, serving);
  // A client that leaves now must not take the isolate with it: money is about to move, or a credit to be given back.
  if (paying || access.kind === "credit") call.waitUntil(served.catch(() => undefined));
  return served;
}

/** The one place where an admitted call goes wrong: a claim lets go, a credit goes back, what was found rides along. */
async function unwinding(
  { request }: Call,
  { access, headers }: Admitted,
  served: Promise<Response>,
): Promise<Response> {
  try {
    return await served;
  } catch (thrown) {
    if (access.kind === "credit") Object.assign(headers, await access.giveBack());
    const error = toGatewayError(thrown).withHeaders(headers);
    if (access.kind !== "claimed") throw error;
    const { claim } = access;
    claim.abandoned();
    throw claim.receipt ? error.withHeaders(receiptHeaders(request, claim.receipt)) : error;
  }
}

/** Free, within paid time, on a credit, or delivered before. */
async function pass(rooms: Rooms, call: Call, admitted: Admitted): Promise<Response> {
  const { access } = admitted;
  const answer = access.kind === "kept" ? rooms.replay(access.answer) : await rooms.forward(call);
  if (access.kind === "credit" && !rooms.isServed(answer.response.status))
    Object.assign(admitted.headers, await access.giveBack());
  return rooms.respond(call, answer, admitted);
}

/** With a payment in hand. A claim that comes with a receipt was paid earlier and is not charged again. */
async function servePaid(
  rooms: Rooms,
  call: Call,
  { admitted, claim, accepts }: { admitted: Admitted; claim: Claim; accepts: PaymentRequirements[] },
): Promise<Response> {
  const before = call.route.settlement === "before-response";
  if (claim.inDoubtSince !== undefined) await rooms.resolve(call, claim, accepts);
  const trusted = claim.verified || (before && settlesUnseen(claim.payment));
  if (!claim.receipt && !trusted) await rooms.verify(call, claim, accepts);
  if (!claim.receipt && before) await rooms.settle(call, claim, accepts);

  // Goes on while the upstream is asked: no call waits for the store a second time before that.
  let granting = claim.receipt && rooms.grant(call, claim);
  let answer: Answer;
  try {
    answer = await produce(rooms, call, claim);
    if (!claim.receipt && rooms.isServed(answer.response.status)) {
      // Charged for an answer that is there but not yet handed out.
      await rooms.settle(call, claim, accepts).catch((error: unknown) => {
        rooms.withhold(call, answer, claim, error);
        throw error;
      });
      granting = rooms.grant(call, claim);
    }
  } finally {
    Object.assign(admitted.headers, await granting);
  }
  return rooms.respond(call, answer, admitted);
}

/** The answer: of the upstream, or one that it gave earlier, while it was in doubt whether it was paid. */
async function produce(rooms: Rooms, call: Call, claim: Claim): Promise<Answer> {
  // Another isolate has taken over, because this one stalled: it serves.
  if (claim.lost.aborted) throw new GatewayError("payment_in_progress", { headers: { "retry-after": "5" } });
  return claim.answer && claim.receipt ? rooms.replay(claim.answer) : rooms.forward(call);
}
