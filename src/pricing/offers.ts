/** What a price is in each way to pay. */
import { GatewayError } from "../core/errors.ts";
import { isDearer, toAtomic } from "../core/money.ts";
import type { Price } from "../core/pricing.ts";
import type { Quoted } from "../core/quote.ts";
import type { Offer, Route } from "../core/route.ts";
import { extraOf } from "../core/terms.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** A price, and who receives it by CAIP-2 network where that is not whom the route names. */
export type Told = { price: Price; payTo: Record<string, string> };

/** The requirements of a price, one for each way to pay. @throws GatewayError `price_failed` */
export function offersOf(route: Route, { price, payTo }: Told): PaymentRequirements[] {
  const offered = route.offers
    .filter(({ symbol }) => price.symbol === undefined || price.symbol === symbol)
    .map((offer) => requirementsOf(route, price, { ...offer, payTo: payTo[offer.network] ?? offer.payTo }));
  if (offered.length === 0) throw failed(route, `nothing that is accepted is ${price.symbol}`);
  return offered;
}

/** What an answer costs that is there and fresh, where that is less than the price of the call. */
export async function onHitOf(
  route: Route,
  { price, payTo }: Told,
  complete: (accepts: PaymentRequirements[]) => Promise<PaymentRequirements[]>,
): Promise<Pick<Quoted, "onHit">> {
  const charge = route.cache?.charge ?? "full";
  if (charge === "full" || (charge !== "free" && !isDearer(price.amount, charge.amount))) return {};
  return { onHit: charge === "free" ? charge : await complete(offersOf(route, { price: charge, payTo })) };
}

function requirementsOf(route: Route, { amount }: Price, offer: Offer): PaymentRequirements {
  const { scheme, network, asset, payTo } = offer;
  const atomic = toAtomic(amount, asset.decimals);
  if (atomic === undefined || atomic <= 0n) throw failed(route, `the price is not payable in ${asset.name}`);
  return {
    scheme,
    network,
    asset: asset.address,
    amount: atomic.toString(),
    payTo,
    maxTimeoutSeconds: route.timeoutSeconds,
    extra: extraOf(offer),
  };
}

function failed({ key }: Route, cause: string): GatewayError {
  return new GatewayError("price_failed", { cause: new Error(`the price of ${key}: ${cause}`) });
}
