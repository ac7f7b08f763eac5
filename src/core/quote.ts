/** The price of one call. */
import type { PaymentRequirements } from "./x402.ts";

/** What a quote was made of. */
export type Quoted = {
  /** What a payment is bound to beyond method and URL: the digest of a body that the price depends on. */
  terms: string[];
  /** Tells prices of one route apart, where it has several: what is bought at one does not open another. */
  tier: string;
  /** What a call costs whose answer is there and fresh, where that is not its price: nothing, or one of these. */
  onHit?: "free" | PaymentRequirements[];
  /** Knows the requirement of an earlier quote for this very call, whatever it costs now. */
  honour?: (accepted: PaymentRequirements) => Promise<Honoured | undefined>;
};

/** What this call costs: nothing, or one of these requirements. Equal for equal requests. */
export type Quote =
  | { kind: "free" }
  | {
      kind: "priced";
      accepts: PaymentRequirements[];
      quoted: Quoted;
    };

/** A requirement that this gateway has asked for earlier; `late` when it is too late to pay it. */
export type Honoured = { requirements: PaymentRequirements; late: boolean };
