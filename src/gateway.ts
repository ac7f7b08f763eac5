/**
 * One request, top to bottom. The rooms decide, this file only orders:
 *
 *   inspect → locate → match → quote → present → admit → (resolve, verify) → settle? → obtain → settle? → respond
 *
 * Everything before `admit` is pure or local, but for the operator's own code and what a facilitator has to be asked for
 * once in a while. `admit` is the one question to the stores before money or upstream is touched. With a payment in hand, whatever happens the claim gets a last word: delivered, failed, unknown, broken or
 * abandoned. Once money has moved, what it bought is granted. A metered answer is charged for what went through, once that
 * is known. What was found on the way (limits, session, receipt) rides on every answer, errors included. `on…` are the
 * operator's hooks.
 */
import type { Answer } from "./core/answer.ts";
import type { Arrival } from "./core/arrival.ts";
import type { Cached } from "./core/cache.ts";
import type { Call, Claim } from "./core/call.ts";
import { GatewayError, toGatewayError } from "./core/errors.ts";
import type { Standing } from "./core/hook-room.ts";
import { receiptHeaders, SKIPPED } from "./core/receipt.ts";
import type { Rooms } from "./core/rooms.ts";
import { settlesUnseen } from "./core/terms.ts";
import { checkUpgrade } from "./core/upgrade.ts";
import type { PaymentRequirements } from "./core/x402.ts";

type Going = Standing & { cached: Cached };
type Paying = Going & { accepts: PaymentRequirements[]; claim: Claim };

/** Serves one request. @throws GatewayError, rendered by `app.ts` */
export async function serve(rooms: Rooms, arrival: Arrival): Promise<Response> {
  rooms.inspect(arrival);
  const matched = rooms.match(rooms.locate(arrival));
  checkUpgrade(matched);
  await rooms.onRequest(matched);
  const quote = await rooms.quote(matched);
  const [call, accepts] =
    quote.kind === "free" ? [matched] : [{ ...matched, quoted: quote.quoted }, quote.accepts];
  await rooms.onPriceResolved(call, accepts);
  await call.body.seal();
  const presented = accepts ? await rooms.present(call, accepts) : {};

  const standing = await rooms.admit(call, presented, accepts);
  const { access } = standing;
  const due = standing.accepts;
  const paying = access.kind === "claimed" && due && { ...standing, accepts: due, claim: access.claim };
  const serving = paying ? servePaid(rooms, call, paying) : pass(rooms, call, standing);
  const served = unwinding(rooms, call, standing, serving);
  // A client that leaves now must not take the isolate with it: money is about to move, or a credit to be given back.
  if (paying || access.kind === "credit") call.waitUntil(served.catch(() => undefined));
  return served;
}

/** The one place where an admitted call goes wrong: a claim lets go, a credit goes back, what was found rides along. */
async function unwinding(
  rooms: Rooms,
  call: Call,
  standing: Going,
  served: Promise<Response>,
): Promise<Response> {
  try {
    return await served;
  } catch (thrown) {
    const { access, headers, cached } = standing;
    cached.letGo();
    if (access.kind === "credit") Object.assign(headers, await access.giveBack());
    const error = toGatewayError(thrown).withHeaders(headers);
    await rooms.onError(call, error, standing);
    if (access.kind !== "claimed") throw error;
    const { claim } = access;
    claim.abandoned();
    throw claim.receipt ? error.withHeaders(receiptHeaders(call.request, claim.receipt)) : error;
  }
}

/** Free, within paid time, on a credit, or delivered before. */
async function pass(rooms: Rooms, call: Call, standing: Going): Promise<Response> {
  const { access, headers } = standing;
  const answer = access.kind === "kept" ? rooms.replay(access.answer) : await ask(rooms, call, standing);
  const { response, unsettled } = answer;
  const owed =
    access.kind === "credit" && (unsettled !== undefined || !rooms.isServed(call, response.status));
  if (owed) Object.assign(headers, await access.giveBack(), unsettled && { [SKIPPED]: unsettled });
  return hand(rooms, call, answer, standing);
}

/** The upstream's answer, or one of its that is kept, as the hook leaves it. */
async function ask(rooms: Rooms, call: Call, standing: Going): Promise<Answer> {
  const { cached, out } = standing;
  return rooms.onResponse(call, await cached.obtain({ ...call, out }), standing);
}

/** The answer goes out. */
async function hand(rooms: Rooms, call: Call, answer: Answer, standing: Standing): Promise<Response> {
  const { status } = answer.response;
  if (!rooms.isServed(call, status)) await rooms.onError(call, { status }, standing);
  return rooms.respond(call, answer, standing);
}

/** With a payment in hand. A claim that comes with a receipt was paid earlier and is not charged again. */
async function servePaid(rooms: Rooms, call: Call, paying: Paying): Promise<Response> {
  const { claim, accepts } = paying;
  const before = call.route.settlement === "before-response";
  const paidEarlier = claim.receipt !== undefined;
  if (claim.inDoubtSince !== undefined) await rooms.resolve(call, claim, accepts);
  const trusted = claim.verified || (before && settlesUnseen(claim.payment));
  if (!claim.receipt && !trusted) await rooms.verify(call, claim, accepts);
  if (!claim.receipt && before) await rooms.settle(call, claim, accepts);

  // Goes on while the upstream is asked: no call waits for the store a second time before that.
  let granting = claim.receipt && rooms.grant(call, claim);
  let answer: Answer;
  try {
    if (claim.receipt && !paidEarlier) await rooms.onSettled(call, claim, accepts);
    answer = await produce(rooms, call, paying);
    const charged = !claim.receipt && answer.unsettled === undefined;
    if (charged && rooms.isServed(call, answer.response.status)) {
      answer = await rooms.meter(call, claim, answer);
      if (answer.tab) return hand(rooms, call, onTab(rooms, call, paying, answer), paying);
      // Charged for an answer that is there but not yet handed out.
      await rooms.settle(call, claim, accepts, answer.charge).catch((error: unknown) => {
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

/** The answer goes out first, and what went through of it is charged once it has ended. */
function onTab(rooms: Rooms, call: Call, { claim, accepts }: Paying, answer: Answer): Answer {
  const ended: Answer["ended"] = async (how) => {
    const amount = answer.tab?.close(how);
    if (amount === undefined) return claim.abandoned();
    if (await rooms.collect(call, claim, accepts, amount)) await rooms.onSettled(call, claim, accepts);
  };
  if (answer.tab) claim.tallies(answer.tab.soFar);
  return { ...answer, ended };
}

/** The answer: of the upstream, or one that it gave earlier, while it was in doubt whether it was paid. */
async function produce(rooms: Rooms, call: Call, paying: Paying): Promise<Answer> {
  const { claim } = paying;
  // Another isolate has taken over, because this one stalled: it serves.
  if (claim.lost.aborted) throw new GatewayError("payment_in_progress", { headers: { "retry-after": "5" } });
  if (!claim.answer || !claim.receipt) return ask(rooms, call, paying);
  paying.cached.letGo();
  return rooms.replay(claim.answer);
}
