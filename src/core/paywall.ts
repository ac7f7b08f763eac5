/** The page that people see on a 402: the compiled settings, and what there is to be told. */
import type { Route } from "./route.ts";
import type { PaymentRequired } from "./x402.ts";

/** How the seller presents itself. */
export type Paywall = {
  name: string | undefined;
  /** A `data:` URI. */
  logo: string | undefined;
  /** Where a visitor gets tokens of a test network. */
  testnetFaucet: string | undefined;
  /** The seller's terms. */
  terms: string | undefined;
};

/** What a call was answered with that has a price, and the route that has it. */
export type Offered = {
  required: PaymentRequired;
  route: Pick<Route, "offers" | "session" | "credits" | "usage">;
};
