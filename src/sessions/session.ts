/**
 * Paid time. A payment on a route that sells time opens a session: for the payer, on that route or its group of
 * routes, until the paid time is over. Whoever has the token is let through; so is the payer, who proves it with a
 * freshly signed payment that is then not charged. Further payments add their time at the end.
 */
import type { Call, Claim, Payment, Ticket } from "../core/call.ts";
import type { Emit } from "../core/events.ts";
import { grantBought } from "../core/grant.ts";
import type { Batch, SessionName, SessionStore } from "../core/stores.ts";
import { endField, groupOf } from "../core/ticket.ts";

/** What is known of a call's session; the ends are ms since 1970, and undefined where none runs. */
export type Looking = {
  /** Where the payer's session is, if the payer is proven. */
  session: SessionName | undefined;
  byTicket: Promise<number | undefined>;
  byPayer: Promise<number | undefined>;
};

/** The room. */
export type Sessions = {
  /** Puts the questions about the call's session to a batch. */
  lookUp: (
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Pick<Batch, "add">,
  ) => Promise<Looking>;
  /** Opens or extends the session that a settled payment has bought; gives the answer's fields. Never throws. */
  grant: (call: Call, claim: Claim) => Promise<Record<string, string>>;
  /** The answer's fields of a call within paid time. */
  running: (endsAt: number) => Record<string, string>;
};

/** Makes the room. `besidePayments`: the store of the payments looks itself whether the payer's session runs. */
export function makeSessions(options: {
  store: SessionStore;
  besidePayments: boolean;
  emit: Emit;
}): Sessions {
  const { store, besidePayments, emit } = options;
  const none = Promise.resolve(undefined);

  async function lookUp(
    call: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Pick<Batch, "add">,
  ): Promise<Looking> {
    const { session: sold } = call.route;
    if (!sold) return { session: undefined, byTicket: none, byPayer: none };
    const group = groupOf(call, sold);
    const session = payment?.proven ? { id: await idOf(group, payment, payment.payer), group } : undefined;
    return {
      session,
      byTicket: ticket ? batch.add(await store.endOf({ ...ticket, group })) : none,
      byPayer: session && !besidePayments ? batch.add(await store.endOf(session)) : none,
    };
  }

  function idOf(group: string, { requirements }: Payment, payer = ""): Promise<string> {
    return store.idOf(group, requirements.network, payer);
  }

  async function grant(call: Call, claim: Claim): Promise<Record<string, string>> {
    const { session } = call.route;
    if (!session || !claim.receipt) return {};
    const { durationMs } = session;
    const group = groupOf(call, session);
    const { payment, receipt } = claim;
    const id = await idOf(group, payment, payment.payer || receipt.payer || payment.spend);
    const asked = { id, group, durationMs, spend: payment.spend };
    const write = async (secret: { secret?: string }) => ({
      endsAt: await store.grant({ ...asked, ...secret }),
    });
    return grantBought(call, claim, { id, forMs: durationMs, write }, emit);
  }

  return { lookUp, grant, running: endField };
}
