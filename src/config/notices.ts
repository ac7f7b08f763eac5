/** What is right as it is written, and may still not be what was meant: what a seller should know before selling. */

import type { Compiled } from "../core/compiled.ts";
import { isDearer } from "../core/money.ts";
import type { Route } from "../core/route.ts";

/** Something to know about some routes; none stands for all of them. */
export type Notice = { routes: string[]; message: string };

type Rule = { applies: (route: Route) => boolean; message: string };

const RULES: Rule[] = [
  {
    applies: ({ settlement, usage, price }) =>
      price !== undefined && !usage && settlement === "after-response",
    message:
      "charged when the upstream's headers are there, before a stream has ended: one that breaks off later is paid, and its payer can collect it again (docs/streaming.md)",
  },
  {
    applies: ({ usage }) => usage !== undefined,
    message:
      "charged when a streamed answer has ended: a payer who has moved the tokens away by then has been served for nothing, at most once for each payment (docs/pricing.md#metered)",
  },
  {
    applies: ({ pricing: { rules, otherwise } }) =>
      typeof otherwise === "object" && rules.some(({ price }) => isDearer(price.amount, otherwise.amount)),
    message:
      "cheaper where no rule fits than where one does: whatever you did not think of is sold at the lower price",
  },
  {
    applies: ({ price, settlement, session, credits }) =>
      price !== undefined && settlement === "after-response" && (session ?? credits) !== undefined,
    message: "sold ahead, and charged only if the first call succeeds",
  },
];

const ANYONE =
  "gateway.trustProxy believes whoever is connected: if anything but your proxies can reach the gateway, clients choose the address they are counted under; name the proxies with cidrs (docs/operations.md#client-addresses)";
const EVERYTHING =
  "gateway.trustProxy believes all that is said of a client's address, so that clients choose the one they are counted under; say how many proxies there are, or where (docs/operations.md#client-addresses)";

/** What trust in proxies gives away. */
function trustNotices({ proxies }: Compiled): Notice[] {
  const anywhere = proxies && (proxies.ranges?.some(({ bits }) => bits === 0) ?? true);
  if (!anywhere) return [];
  return [{ routes: [], message: proxies.hops === Number.POSITIVE_INFINITY ? EVERYTHING : ANYONE }];
}

const OPEN_METRICS =
  "gateway.metrics has no token: whoever reaches the gateway reads what you earn (docs/observability.md#metrics)";

/** What there is to know about a configuration without faults. */
export function noticesOf(compiled: Compiled): Notice[] {
  const { routes, observing } = compiled;
  const ofRoutes = RULES.flatMap(({ applies, message }) => {
    const concerned = routes.filter(applies).map(({ key }) => key);
    return concerned.length > 0 ? [{ routes: concerned, message }] : [];
  });
  const open = observing.metrics !== undefined && observing.metrics.token === undefined;
  return [...trustNotices(compiled), ...(open ? [{ routes: [], message: OPEN_METRICS }] : []), ...ofRoutes];
}
