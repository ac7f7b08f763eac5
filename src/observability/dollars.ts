/** What was asked or paid, in US dollars: the tokens that are taken are worth one each. */
import { formatDecimal } from "../core/money.ts";
import type { Route } from "../core/route.ts";
import type { PaymentRequirements } from "../core/x402.ts";

type Paid = Pick<PaymentRequirements, "network" | "asset" | "amount">;

/** `$0.01`. */
export function inDollars(route: Route, paid: Paid): string {
  return `$${formatDecimal({ digits: BigInt(paid.amount), scale: decimalsOf(route, paid) })}`;
}

/** Whole millionths of a dollar; less than that is nothing. */
export function inMicroDollars(route: Route, paid: Paid): number {
  return Number((BigInt(paid.amount) * 1_000_000n) / 10n ** BigInt(decimalsOf(route, paid)));
}

function decimalsOf({ offers }: Route, { network, asset }: Paid): number {
  return (
    offers.find((offer) => offer.network === network && offer.asset.address === asset)?.asset.decimals ?? 6
  );
}
