/** Configuration in, rooms out: the only file that knows which store, facilitator and log are used. */

import { makeAdmit } from "./admission/admit.ts";
import { rpcChain } from "./chain/rpc.ts";
import { challenge } from "./core/challenge.ts";
import type { Clock, Emit } from "./core/ports.ts";
import type { Compiled } from "./core/route.ts";
import { httpFacilitator } from "./facilitator/http.ts";
import type { Rooms } from "./gateway.ts";
import { makeHooks } from "./hooks/hooks.ts";
import { makeLimit } from "./limits/limit.ts";
import { makeTake } from "./payment/claim.ts";
import { makePersist } from "./payment/persist.ts";
import { makePresent } from "./payment/present.ts";
import { quote } from "./pricing/quote.ts";
import { isServed, makeForward, respond } from "./proxy/forward.ts";
import { clientHeaders, visibleHeaders } from "./proxy/headers.ts";
import { replay, withhold } from "./proxy/keep.ts";
import { compileMatch } from "./routing/match.ts";
import { clientLocation } from "./routing/rewrite.ts";
import { makeSessions } from "./sessions/session.ts";
import { readTicket } from "./sessions/ticket.ts";
import { makeReconcile, type Reconcile } from "./settlement/reconcile.ts";
import { makeResolve } from "./settlement/resolve.ts";
import { makeCashier } from "./settlement/settle.ts";
import { openBatch } from "./stores/batch.ts";
import { openStores } from "./stores/stores.ts";

/** Renewed every third of it: long enough for two lost renewals, short enough to wait for after a crash. */
const LEASE_MS = 30_000;

/** Wires what brings pending payments to an end. Makes no request. */
export function composeReconcile({ stores, rpc, facilitator }: Compiled, emit: Emit): Reconcile {
  return makeReconcile(openStores(stores).payments, rpcChain(rpc, facilitator.timeoutMs, emit), emit);
}

/** Wires the rooms. Makes no request. */
export function compose(config: Compiled, emit: Emit, clock: Clock): Rooms {
  const { routes, facilitator } = config;
  const stores = openStores(config.stores);
  const cashier = makeCashier(httpFacilitator(facilitator, emit));
  const sessions = makeSessions({
    store: stores.sessions,
    besidePayments: stores.sessionsBesidePayments,
    emit,
  });
  const present = makePresent(clock);
  return {
    match: compileMatch(routes),
    quote,
    async present(call, accepts) {
      const ticket = readTicket(call);
      if (ticket) {
        // Within paid time it does not matter what comes beside the token.
        const noGood = (refused: unknown) => ({ ticket, refused });
        return present(call, accepts).then((payment) => ({ ticket, payment }), noGood);
      }
      const payment = await present(call, accepts);
      if (!payment) throw challenge(call, accepts, "payment_required");
      return { payment };
    },
    admit: makeAdmit({
      openBatch,
      limit: makeLimit(stores.limiter, emit),
      countsPayers: stores.limitsBesidePayments,
      lookUp: sessions.lookUp,
      running: sessions.running,
      take: makeTake({
        store: stores.payments,
        persist: makePersist(stores.payments, emit),
        clock,
        leaseMs: LEASE_MS,
      }),
    }),
    ...cashier,
    resolve: makeResolve(rpcChain(config.rpc, facilitator.timeoutMs, emit), cashier),
    grant: sessions.grant,
    forward: makeForward(clientLocation),
    isServed,
    replay,
    withhold,
    respond,
    ...makeHooks({
      store: stores.hooks,
      ledger: stores.refunds,
      emit,
      clock,
      visible: visibleHeaders,
      clean: clientHeaders,
    }),
  };
}
