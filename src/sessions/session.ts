/**
 * Paid time. A payment on a route that sells time opens a session: for the payer, on that route or its group of
 * routes, until the paid time is over. Whoever has the token is let through; so is the payer, who proves it with a
 * freshly signed payment that is then not charged. Further payments add their time at the end.
 *
 * A payment adds its time once, however often it is granted: the answer may be lost, the isolate may die. A grant that
 * could not be written is tried again in the background, and until it is the payment stays owed (`claim.owes`). Only a
 * payment that is presented for the first time brings a token with it: later anybody could have copied it.
 */
import type { Call, Claim, Payment, Ticket } from "../core/call.ts";
import type { Emit } from "../core/ports.ts";
import { RETRY_DELAYS_MS, retry } from "../core/retry.ts";
import type { Batch, SessionName, SessionStore } from "../core/stores.ts";
import { endField, newSecret, ticketFields } from "./ticket.ts";

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
    { route }: Call,
    ticket: Ticket | undefined,
    payment: Payment | undefined,
    batch: Pick<Batch, "add">,
  ): Promise<Looking> {
    if (!route.session) return { session: undefined, byTicket: none, byPayer: none };
    const { group } = route.session;
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
    const { group, durationMs } = session;
    const id = await idOf(
      group,
      claim.payment,
      claim.payment.payer || claim.receipt.payer || claim.payment.spend,
    );
    // What was presented before may have been read on the chain: its payer proves with a new signature who it is. Wallets
    // with code cannot do that here; without a token, an answer that was lost would be their paid time lost.
    const secret = claim.repeated && claim.payment.proven ? undefined : newSecret();
    const asked = { id, group, durationMs, spend: claim.payment.spend, ...(secret ? { secret } : {}) };
    try {
      const endsAt = await store.grant(asked);
      if (endsAt <= Date.now()) return {};
      return secret ? ticketFields(call, { id, secret }, endsAt) : endField(endsAt);
    } catch (error) {
      emit({ event: "session_grant_failed", level: "error", route: call.route.key, error: String(error) });
      const granted = retry(() => store.grant(asked), RETRY_DELAYS_MS).then((end) => end !== undefined);
      claim.owes(granted);
      call.waitUntil(granted);
      // A token that may not be good is only for who has no other way: a key's owner is let through by a new signature.
      return secret && !claim.payment.proven
        ? ticketFields(call, { id, secret }, Date.now() + durationMs)
        : {};
    }
  }

  return { lookUp, grant, running: endField };
}
