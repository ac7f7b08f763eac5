/** Configuration in, rooms out: the only file that knows which store, facilitator and log are used. */
import { makeAdmit } from "./admission/admit.ts";
import { makeCors } from "./arrival/cors.ts";
import { makeInspect } from "./arrival/inspect.ts";
import { makeFind } from "./caching/cache.ts";
import { rpcChain } from "./chain/rpc.ts";
import { makeLocate } from "./clients/locate.ts";
import { challenge } from "./core/challenge.ts";
import type { Compiled } from "./core/compiled.ts";
import type { Clock, Emit } from "./core/events.ts";
import { UNCOUNTED } from "./core/metrics.ts";
import type { Rooms } from "./core/rooms.ts";
import type { Specs } from "./core/specs.ts";
import { readTicket } from "./core/ticket.ts";
import { makeCredits } from "./credits/credit.ts";
import { makeDiscover } from "./discovery/discover.ts";
import { httpFacilitator } from "./facilitator/http.ts";
import { httpKinds } from "./facilitator/supported.ts";
import { timed } from "./facilitator/timed.ts";
import { makeHooks } from "./hooks/hooks.ts";
import { makeLimit } from "./limits/limit.ts";
import { makeBill } from "./metering/bill.ts";
import { makeTake } from "./payment/claim.ts";
import { makePersist } from "./payment/persist.ts";
import { makePresent } from "./payment/present.ts";
import { makeShow } from "./paywall/page.ts";
import { makeQuote } from "./pricing/quote.ts";
import { isServed, makeForward } from "./proxy/forward.ts";
import { clientHeaders, upstreamHeaders, visibleHeaders } from "./proxy/headers.ts";
import { makeHealth } from "./proxy/health.ts";
import { replay, withhold } from "./proxy/keep.ts";
import { respond } from "./proxy/respond.ts";
import { compileMatch } from "./routing/match.ts";
import { clientLocation } from "./routing/rewrite.ts";
import { makeSessions } from "./sessions/session.ts";
import { makeCollect } from "./settlement/collect.ts";
import { makeResolve } from "./settlement/resolve.ts";
import { makeCashier } from "./settlement/settle.ts";
import { makeSpecs, type SpecsOptions } from "./specs/specs.ts";
import { openBatch } from "./stores/batch.ts";
import type { Stats } from "./stores/stats.ts";
import { openStores } from "./stores/stores.ts";

/** Renewed every third of it: long enough for two lost renewals, short enough to wait for after a crash. */
const LEASE_MS = 30_000;

/** The rooms, what is counted in them, and what keeps hashes from being guessed back. */
export type Composed = { rooms: Rooms; stats: Stats; secret: string };

/** Wires the rooms. Makes no request. */
export function compose(config: Compiled, emit: Emit, clock: Clock): Composed {
  const { routes, facilitator, observing } = config;
  const stores = openStores(config.stores);
  const { stats } = stores;
  const tally = observing.counting ? stats.tally : UNCOUNTED;
  const cashier = makeCashier(timed(httpFacilitator(facilitator, emit), tally, clock));
  const sessions = makeSessions({
    store: stores.sessions,
    besidePayments: stores.sessionsBesidePayments,
    emit,
  });
  const kinds = httpKinds(facilitator, emit, clock);
  const credits = makeCredits({ store: stores.credits, emit });
  const present = makePresent(clock, kinds);
  const locate = makeLocate(config.proxies);
  const health = makeHealth(stores.targets, emit, clock);
  const rooms: Rooms = {
    ...makeCors(config.cors),
    show: makeShow(config.paywall, clock),
    inspect: makeInspect(config.limits),
    locate,
    discover: makeDiscover(config, locate),
    match: compileMatch(routes),
    quote: makeQuote({
      clock,
      secret: config.stores.verificationCache?.token ?? "",
      // Within paid time it does not matter what could be paid.
      complete: (accepts, call) =>
        readTicket(call) ? kinds.complete(accepts).catch(() => []) : kinds.complete(accepts),
    }),
    async present(call, accepts) {
      const ticket = readTicket(call);
      if (ticket) {
        // Within paid time it does not matter what comes beside the token.
        const noGood = (refused: unknown) => ({ ticket, refused });
        return present(call, accepts).then((payment) => ({ ticket, payment }), noGood);
      }
      const { onHit } = call.quoted ?? {};
      const offered = Array.isArray(onHit) ? [...accepts, ...onHit] : accepts;
      const payment = await present(call, offered);
      // Where an answer that is kept has another price, what a call costs is known once the store was asked.
      if (!payment && !onHit) throw challenge(call, accepts, "payment_required");
      return { payment };
    },
    admit: makeAdmit({
      openBatch,
      limit: makeLimit(stores.limiter, emit),
      targets: health.targets,
      countsPayers: stores.limitsBesidePayments,
      lookUp: sessions.lookUp,
      running: sessions.running,
      draw: credits.draw,
      find: makeFind({
        store: stores.cache,
        emit,
        seen: (call) => upstreamHeaders({ ...call, trace: undefined }, { headers: {} }),
        forward: makeForward({ clientLocation, noteFailure: health.note, emit, clock }),
      }),
      take: makeTake({
        store: stores.payments,
        persist: makePersist(stores.payments, emit),
        clock,
        leaseMs: LEASE_MS,
      }),
    }),
    ...cashier,
    meter: makeBill(clock),
    collect: makeCollect(cashier, emit),
    resolve: makeResolve(rpcChain(config.rpc, facilitator.timeoutMs, emit), cashier),
    grant: (call, claim) => (call.route.credits ? credits : sessions).grant(call, claim),
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
  // Without a store there are no keys that the hashes should be the same as.
  return { rooms, stats, secret: config.stores.rateLimit?.token ?? crypto.randomUUID() };
}

/** What fetches upstreams' descriptions of themselves; undefined where there are none. Makes no request. */
export function composeSpecs(
  { specUrls: urls, stores }: Compiled,
  options: Pick<SpecsOptions, "check" | "emit" | "clock">,
): Specs | undefined {
  return urls.length > 0 ? makeSpecs({ urls, store: openStores(stores).specs, ...options }) : undefined;
}
