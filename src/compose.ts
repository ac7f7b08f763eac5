/** Configuration in, rooms out: the only file that knows which store, facilitator and log are used. */

import { rpcChain } from "./chain/rpc.ts";
import { GatewayError } from "./core/errors.ts";
import type { Clock, Emit, PaymentStore } from "./core/ports.ts";
import type { Compiled, RedisConnection } from "./core/route.ts";
import { httpFacilitator } from "./facilitator/http.ts";
import type { Rooms } from "./gateway.ts";
import { makeAdmit } from "./payment/admit.ts";
import { makePersist } from "./payment/persist.ts";
import { makePresent } from "./payment/present.ts";
import { quote } from "./pricing/quote.ts";
import { isServed, makeForward, respondPaid } from "./proxy/forward.ts";
import { compileMatch } from "./routing/match.ts";
import { clientLocation } from "./routing/rewrite.ts";
import { makeResolve } from "./settlement/resolve.ts";
import { makeCashier } from "./settlement/settle.ts";
import { paymentStore } from "./stores/payments.ts";
import { connect } from "./stores/redis.ts";

/** Renewed every third of it: long enough for two lost renewals, short enough to wait for after a crash. */
const LEASE_MS = 30_000;

/** Wires the rooms. Makes no request. */
export function compose(config: Compiled, emit: Emit, clock: Clock): Rooms {
  const { routes, stores, facilitator } = config;
  const cashier = makeCashier(httpFacilitator(facilitator, emit));
  const store = stores.verificationCache && recordsIn(stores.verificationCache);
  return {
    match: compileMatch(routes),
    quote,
    present: makePresent(clock),
    admit: store
      ? makeAdmit({ store, persist: makePersist(store, emit), clock, leaseMs: LEASE_MS })
      : () => Promise.reject(new GatewayError("store_unavailable")),
    ...cashier,
    resolve: makeResolve(rpcChain(config.rpc, facilitator.timeoutMs, emit), cashier),
    forward: makeForward(clientLocation),
    isServed,
    respondPaid,
  };
}

/** The payment records. What the operator asks for can only lengthen how long they are kept. */
function recordsIn(connection: RedisConnection): PaymentStore {
  const store = paymentStore(connect(connection), connection.prefix);
  const floorMs = (connection.ttlSeconds ?? 0) * 1000;
  return { ...store, claim: (claim) => store.claim({ ...claim, ttlMs: Math.max(claim.ttlMs, floorMs) }) };
}
