/** Configuration in, rooms out: the only file that knows which store, facilitator and log are used. */
import type { Call } from "./core/call.ts";
import { GatewayError } from "./core/errors.ts";
import type { Clock, Emit } from "./core/ports.ts";
import type { Compiled } from "./core/route.ts";
import { httpFacilitator } from "./facilitator/http.ts";
import type { Rooms } from "./gateway.ts";
import { makeAdmit } from "./payment/admit.ts";
import { makePresent } from "./payment/present.ts";
import { quote } from "./pricing/quote.ts";
import { makeForward, respondPaid } from "./proxy/forward.ts";
import { compileMatch } from "./routing/match.ts";
import { clientLocation, targetUrl } from "./routing/rewrite.ts";
import { makeCashier } from "./settlement/settle.ts";
import { paymentStore } from "./stores/payments.ts";
import { connect } from "./stores/redis.ts";

/** For what is not waited for but takes its time: scheduling, retries, a slow disk behind the store. */
const LEASE_MARGIN_MS = 15_000;

/** Wires the rooms. Makes no request. */
export function compose(config: Compiled, emit: Emit, clock: Clock): Rooms {
  const { routes, redis, facilitator } = config;
  const cashier = makeCashier(httpFacilitator(facilitator, emit));
  // The claim must outlive everything that may happen under it: a verify, a settle and the upstream, each to its limit.
  const leaseMs = ({ route }: Call) =>
    (redis?.timeoutMs ?? 0) + 2 * facilitator.timeoutMs + route.upstream.timeoutMs + LEASE_MARGIN_MS;
  return {
    match: compileMatch(routes),
    quote,
    present: makePresent(clock),
    admit: redis
      ? makeAdmit({ store: paymentStore(connect(redis), redis.prefix), emit, clock, leaseMs })
      : () => Promise.reject(new GatewayError("store_unavailable")),
    ...cashier,
    forward: makeForward({ targetUrl, clientLocation }),
    respondPaid,
  };
}
