/**
 * Prepaid credits. A payment on a route that sells calls buys so many of them, for the payer, on that route or its group
 * of routes: the call that pays is the first, the others are credits. Each further call draws one, by token, or by a
 * freshly signed payment of the payer, which is then not charged. When none is left the next payment is charged and
 * adds; one that comes with `x-tollbooth-top-up: 1` is charged in any case.
 *
 * A credit is drawn in the one request that admits the call, so that no two calls go out on one. A call that was not
 * served gives it back: by the draw's id, which makes that happen once, and keeps a drawing whose reply was lost, and
 * which the store may carry out later still, from costing anything.
 */
import type { Access, Call, Claim, Payment, Ticket } from "../core/call.ts";
import { about, type Emit } from "../core/events.ts";
import { grantBought } from "../core/grant.ts";
import { RETRY_DELAYS_MS, retry } from "../core/retry.ts";
import { CREDITS_HEADER } from "../core/session.ts";
import type { Balance, Batch, CreditDraw, CreditStore } from "../core/stores.ts";
import { endField, groupOf, isTopUp } from "../core/ticket.ts";

/** A draw is known for so much longer than its answer may take, ms: it may have to be given back then. */
const KNOWN_MARGIN_MS = 60_000;

/** A drawing on its way. */
export type Drawing = {
  /** What the payment's claim may draw in its own place, if its payer is proven. */
  credit: CreditDraw | undefined;
  /** Undefined when the token opens nothing. @throws GatewayError `store_unavailable` */
  byTicket: Promise<Balance | undefined>;
  /** How a call goes on for which a credit was drawn, and its answer's fields. */
  drawn: (balance: Balance) => {
    access: Extract<Access, { kind: "credit" }>;
    headers: Record<string, string>;
  };
  /** Gives back what was drawn, or may have been; `byPayer` tells whether the claim has drawn. */
  letGo: (byPayer: () => Promise<boolean>) => void;
};

/** The room. */
export type Credits = {
  /** Puts the drawing of a credit to a batch. */
  draw: (
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Pick<Batch, "add">,
  ) => Promise<Drawing>;
  /** Adds the credits that a settled payment has bought; gives the answer's fields. Never throws. */
  grant: (call: Call, claim: Claim) => Promise<Record<string, string>>;
};

/** Makes the room. */
export function makeCredits({ store, emit }: { store: CreditStore; emit: Emit }): Credits {
  async function draw(
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Pick<Batch, "add">,
  ): Promise<Drawing> {
    const { credits, upstream, cache } = call.route;
    if (!credits || isTopUp(call)) return nothing();
    const group = groupOf(call, credits);
    const own = payment?.proven ? await idOf(group, payment, payment.payer) : undefined;
    const ids = [...new Set([ticket?.id, own])].filter((id) => id !== undefined);
    if (ids.length === 0) return nothing();
    // One id for both: where the token has drawn, the payment's claim does not.
    const knownMs = (cache?.waitMs ?? 0) + upstream.waitMs + KNOWN_MARGIN_MS;
    const by = { group, draw: crypto.randomUUID(), knownMs };
    const byTicket = ticket ? batch.add(await store.draw({ ...by, ...ticket })) : Promise.resolve(undefined);
    const giveBack = () => giveBackOf(call, { ...by, ids });
    return {
      credit: own === undefined ? undefined : { ...by, id: own },
      byTicket,
      drawn: (balance) => ({ access: { kind: "credit", giveBack }, headers: fieldsOf(balance) }),
      letGo(byPayer) {
        const asked = Promise.all([byTicket, byPayer()]);
        const maybe = asked.then(([ticketed, paid]) => ticketed !== undefined || paid).catch(() => true);
        call.waitUntil(maybe.then((drawn) => (drawn ? giveBack() : undefined)));
      },
    };
  }

  function idOf(group: string, { requirements }: Payment, payer = ""): Promise<string> {
    return store.idOf(group, requirements.network, payer);
  }

  async function giveBackOf(
    call: Call,
    draw: Parameters<CreditStore["giveBack"]>[0],
  ): Promise<Record<string, string>> {
    const failed = (error: unknown) =>
      emit({ event: "credit_give_back_failed", level: "error", ...about(call), error: String(error) });
    try {
      const balance = await store.giveBack(draw);
      return balance ? fieldsOf(balance) : {};
    } catch (error) {
      failed(error);
      call.waitUntil(retry(() => store.giveBack(draw).then(() => true), RETRY_DELAYS_MS, failed));
      return {};
    }
  }

  async function grant(call: Call, claim: Claim): Promise<Record<string, string>> {
    const { credits } = call.route;
    if (!credits || !claim.receipt) return {};
    const { calls, ttlMs } = credits;
    const group = groupOf(call, credits);
    const { payment, receipt } = claim;
    const id = await idOf(group, payment, payment.payer || receipt.payer || payment.spend);
    // The call that pays is one of those that it buys: it stays owed by the payment's record until it is delivered.
    const asked = { id, group, ttlMs, spend: claim.payment.spend, credits: calls - 1 };
    const write = async (secret: { secret?: string }) => {
      const balance = await store.grant({ ...asked, ...secret });
      return { endsAt: balance.endsAt, fields: remaining(balance) };
    };
    return grantBought(call, claim, { id, forMs: ttlMs, write }, emit);
  }

  return { draw, grant };
}

/** The drawing of a call that brings nothing to draw by. */
function nothing(): Drawing {
  const drawn = () => {
    throw new Error("a credit was drawn that nobody has asked for");
  };
  return { credit: undefined, byTicket: Promise.resolve(undefined), drawn, letGo: () => undefined };
}

function remaining({ left }: Balance): Record<string, string> {
  return { [CREDITS_HEADER]: String(left) };
}

function fieldsOf(balance: Balance): Record<string, string> {
  return balance.endsAt > 0 ? { ...endField(balance.endsAt), ...remaining(balance) } : {};
}
