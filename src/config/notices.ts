/** What is right as it is written, and may still not be what was meant: what a seller should know before selling. */
import { isDearer } from "../core/money.ts";
import type { Compiled, Route } from "../core/route.ts";

/** Something to know about some routes. */
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

/** What there is to know about a configuration without faults. */
export function noticesOf({ routes }: Compiled): Notice[] {
  return RULES.flatMap(({ applies, message }) => {
    const concerned = routes.filter(applies).map(({ key }) => key);
    return concerned.length > 0 ? [{ routes: concerned, message }] : [];
  });
}
