/**
 * What a call costs. Pure and deterministic: the paid retry is compared with this very quote, so equal requests get
 * equal requirements, in the order of the configuration (clients take the first they can pay).
 */
import type { Call, Quote } from "../core/call.ts";
import { type Decimal, toAtomic } from "../core/money.ts";
import type { Offer, Route } from "../core/route.ts";
import { extraOf } from "../core/terms.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** The quote of a call. */
export function quote({ route }: Call): Quote {
  const { price } = route;
  if (price === undefined) return { kind: "free" };
  return { kind: "priced", accepts: route.offers.map((offer) => requirementsOf(route, price, offer)) };
}

function requirementsOf(route: Route, price: Decimal, offer: Offer): PaymentRequirements {
  const { scheme, network, asset, payTo } = offer;
  const amount = toAtomic(price, asset.decimals);
  if (amount === undefined || amount <= 0n)
    throw new Error(`${route.key}: price is not payable in ${asset.name}`);
  return {
    scheme,
    network,
    asset: asset.address,
    amount: amount.toString(),
    payTo,
    maxTimeoutSeconds: route.timeoutSeconds,
    extra: extraOf(offer),
  };
}
