/** Why a field of the original is not in the new file, where the check's own words would not say enough. */
import type { Level } from "./ledger.ts";

type Reason = { fits: RegExp; level: Level; what: string; todo: string };

const REASONS: Reason[] = [
  {
    fits: /^gateway\.discovery/,
    level: "lost",
    what: "there is no discovery endpoint",
    todo: "tell your buyers where you sell",
  },
  {
    fits: /^gateway\.metrics/,
    level: "lost",
    what: "there is no metrics endpoint",
    todo: "take what you need from the log, or from hooks",
  },
  {
    fits: /^upstreams\..*\.(?:openapi|defaultPrice)$/,
    level: "money",
    what: "routes of a specification are not made when the gateway starts: none of those is sold",
    todo: "write them with tollbooth init --from openapi FILE",
  },
  {
    fits: /^routes\..*\.metadata/,
    level: "lost",
    what: "routes have no metadata: it was shown by discovery",
    todo: "leave it out",
  },
  {
    fits: /^routes\..*\.accepts/,
    level: "money",
    what: "a route takes what the gateway accepts, and no list of its own",
    todo: 'write the price in the only token that may pay it ("0.01 USDC"), or run a gateway of its own',
  },
  {
    fits: /^routes\..*\.facilitator/,
    level: "money",
    what: "a route's payments are settled by the gateway's facilitator",
    todo: "name it by network: facilitator: { chains: { base: … } }, or run a gateway of its own",
  },
];

/** What is known of a field at that path. */
export function reasonFor(path: string): Omit<Reason, "fits"> | undefined {
  return REASONS.find(({ fits }) => fits.test(path));
}
