/** What is sold, by who settles it. */
import type { Compiled } from "./compiled.ts";
import type { Offer } from "./route.ts";

/** What a facilitator has to be able to settle. */
export type Sold = Pick<Offer, "scheme" | "network">;

/** The URL of each facilitator that a price needs, with what it has to settle, each once. */
export function soldByFacilitator({
  routes,
  facilitator: { chains, default: fallback },
}: Pick<Compiled, "routes" | "facilitator">): [url: string, sold: Sold[]][] {
  const offers = routes.flatMap((route) => (route.price === undefined ? [] : route.offers));
  const kinds = new Map(offers.map((offer) => [nameOf(offer), offer]));
  const byUrl = new Map<string, Sold[]>();
  for (const { scheme, network } of kinds.values()) {
    const url = chains[network] ?? fallback;
    byUrl.set(url, [...(byUrl.get(url) ?? []), { scheme, network }]);
  }
  return [...byUrl];
}

/** As people are told: `exact on eip155:8453`. */
export function nameOf({ scheme, network }: Sold): string {
  return `${scheme} on ${network}`;
}
