/** A price as it is written. */
import { parsePrice, toAtomic } from "../core/money.ts";
import type { Price } from "../core/pricing.ts";
import type { Offer } from "../core/route.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";

/** A price that can be paid, exactly, in something that is accepted. */
export function checkPrice(
  text: string | undefined,
  path: string,
  offers: Offer[],
  faults: Fault[],
): Price | undefined {
  const fault = (message: string, fix: string) => {
    faults.push({ path, message, fix });
    return undefined;
  };
  if (text === undefined) {
    return fault(
      "the route has no price, and there is no defaults.price",
      'write price: "$0.01", or "$0" for free',
    );
  }
  if (isUnset(text)) return undefined;
  const price = parsePrice(text);
  if (!price) return fault(`"${text}" is not a price above zero or "$0"`, 'write it like "$0.01"');
  const { amount, symbol } = price;
  if (amount.digits === 0n) return price;
  const payable = offers.filter((offer) => symbol === undefined || offer.symbol === symbol);
  if (payable.length === 0 && symbol !== undefined && offers.length > 0)
    return fault(`${symbol} is not accepted`, `add { asset: "${symbol}", network: "…" } to accepts`);
  for (const { asset, network } of payable) {
    if (toAtomic(amount, asset.decimals) === undefined) {
      const fix = `the smallest step is $${(10 ** -asset.decimals).toFixed(asset.decimals)}`;
      return fault(`${text} would be rounded in a token of ${asset.decimals} decimals on ${network}`, fix);
    }
  }
  return price;
}
