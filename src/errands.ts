/** What is done beside the calls, for crons and operators: wired as `compose.ts` wires the rooms. */
import { makePurge, type PurgeCache } from "./caching/purge.ts";
import { rpcChain } from "./chain/rpc.ts";
import type { Compiled } from "./core/compiled.ts";
import type { Emit } from "./core/events.ts";
import { toPayment } from "./core/payloads.ts";
import { type Dashboard, makeDashboard } from "./dashboard/dashboard.ts";
import { httpFacilitator } from "./facilitator/http.ts";
import { compileMatch } from "./routing/match.ts";
import { makeReconcile, type Reconcile } from "./settlement/reconcile.ts";
import { openStores } from "./stores/stores.ts";

/** Wires what brings pending payments to an end. Makes no request. */
export function composeReconcile({ stores, rpc, facilitator }: Compiled, emit: Emit): Reconcile {
  const { settle } = httpFacilitator(facilitator, emit);
  return makeReconcile({
    store: openStores(stores).payments,
    chain: rpcChain(rpc, facilitator.timeoutMs, emit),
    charge: (payment, spend) => settle(toPayment(payment, spend), payment.amount),
    emit,
  });
}

/** Wires the operators' page. Makes no request. */
export function composeDashboard({ stores }: Compiled, token: string): Dashboard {
  return makeDashboard({ look: openStores(stores).look, token, clock: Date.now });
}

/** Wires what makes all instances forget kept answers. Makes no request. */
export function composePurge({ routes, stores }: Compiled): PurgeCache {
  const match = compileMatch(routes);
  const arrivalOf = (url: URL) => ({
    request: new Request(url),
    rawPath: url.pathname,
    clientAddress: undefined,
    waitUntil: () => undefined,
  });
  const rulesOf = (url: URL) => {
    try {
      return match(arrivalOf(url)).route.cache;
    } catch {
      return undefined;
    }
  };
  const kept = routes.filter(({ cache }) => cache).map(({ key }) => key);
  return makePurge({ store: openStores(stores).cache, routes: kept, rulesOf });
}
