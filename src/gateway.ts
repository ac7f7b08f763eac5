/**
 * One request, top to bottom. The rooms decide, this file only orders:
 *
 *   match → quote → present → admit → (resolve, verify) → settle? → forward → settle? → respond
 *
 * Everything before `admit` is pure or local. `admit` is the one question to the store before money or upstream is
 * touched. From there on a payment is in hand, and whatever happens the claim gets a last word: delivered, failed,
 * unknown, broken or abandoned. Once money has moved, the receipt rides on every answer, errors included.
 */
import type { Answer, Arrival, Call, Claim, Payment, Quote } from "./core/call.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import { encodeHeader, HEADERS, type PaymentRequirements, type Receipt } from "./core/x402.ts";

/** The doors. What each may throw is written there; all of it is a `GatewayError`. */
export type Rooms = {
  match: (arrival: Arrival) => Call;
  quote: (call: Call) => Quote;
  present: (call: Call, accepts: PaymentRequirements[]) => Promise<Payment>;
  admit: (call: Call, payment: Payment, accepts: PaymentRequirements[]) => Promise<Claim>;
  verify: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  resolve: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<void>;
  settle: (call: Call, claim: Claim, accepts: PaymentRequirements[]) => Promise<Receipt>;
  forward: (call: Call) => Promise<Answer>;
  isServed: (status: number) => boolean;
  respondPaid: (call: Call, answer: Answer, claim: Claim) => Response;
};

/** Serves one request. @throws GatewayError, rendered by `app.ts` */
export async function serve(rooms: Rooms, arrival: Arrival): Promise<Response> {
  const call = rooms.match(arrival);
  const quote = rooms.quote(call);
  if (quote.kind === "free") return (await rooms.forward(call)).response;

  const payment = await rooms.present(call, quote.accepts);
  const claim = await rooms.admit(call, payment, quote.accepts);
  const served = unwinding(claim, servePaid(rooms, call, claim, quote.accepts));
  // A client that leaves now must not take the isolate with it: money is about to move.
  call.waitUntil(served.catch(() => undefined));
  return served;
}

/** The one place where a payment in hand goes wrong: the claim lets go, the receipt rides along. */
async function unwinding(claim: Claim, served: Promise<Response>): Promise<Response> {
  try {
    return await served;
  } catch (thrown) {
    claim.abandoned();
    const error = toGatewayError(thrown);
    throw claim.receipt ? error.withHeaders({ [HEADERS.response]: encodeHeader(claim.receipt) }) : error;
  }
}

/** With the payment in hand. A claim that comes with a receipt was paid earlier and is not charged again. */
async function servePaid(
  rooms: Rooms,
  call: Call,
  claim: Claim,
  accepts: PaymentRequirements[],
): Promise<Response> {
  const before = call.route.settlement === "before-response";
  if (claim.inDoubtSince !== undefined) await rooms.resolve(call, claim, accepts);
  if (!claim.receipt && !(before && claim.payment.proven)) await rooms.verify(call, claim, accepts);
  if (!claim.receipt && before) await rooms.settle(call, claim, accepts);

  // Another isolate has taken over, because this one stalled: it serves.
  if (claim.lost.aborted) throw new GatewayError("payment_in_progress", { headers: { "retry-after": "5" } });
  const answer = await rooms.forward(call);
  if (!claim.receipt && rooms.isServed(answer.response.status)) {
    // Charged for an answer that is there but not yet handed out; if that fails, it is dropped unread.
    await rooms.settle(call, claim, accepts).catch((error: unknown) => {
      answer.stop();
      throw error;
    });
  }
  return rooms.respondPaid(call, answer, claim);
}
