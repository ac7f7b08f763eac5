/** What a call costs where an answer that is kept has a price of its own. */
import type { Call } from "../core/call.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** What a call costs, and which payments it takes. */
export type PriceNow = {
  free: boolean;
  /** What a client is asked for. */
  accepts: PaymentRequirements[];
  /** True for a payment that was signed for what the call costs, or more. */
  takes: (signed: PaymentRequirements) => boolean;
};

/** The price of a call whose answer is there, fresh, or not. Whoever has signed the full price for an answer that has come meanwhile has bought it. */
export function priceFor({ quoted }: Call, accepts: PaymentRequirements[], hit: boolean): PriceNow {
  const { onHit } = quoted ?? {};
  if (!onHit) return { free: false, accepts, takes: () => true };
  if (onHit === "free") return { free: hit, accepts, takes: () => true };
  if (hit) return { free: false, accepts: onHit, takes: () => true };
  const cheaper = (signed: PaymentRequirements) => onHit.some((offer) => isSame(offer, signed));
  return {
    free: false,
    accepts,
    takes: (signed) => accepts.some((offer) => isSame(offer, signed)) || !cheaper(signed),
  };
}

/** The accounts of facilitators in `extra` may differ; the money does not. */
function isSame(one: PaymentRequirements, other: PaymentRequirements): boolean {
  return (
    one.scheme === other.scheme &&
    one.network === other.network &&
    one.asset === other.asset &&
    one.amount === other.amount
  );
}
