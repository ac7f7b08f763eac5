/** Money that is owed back, as it is noted for the operator. */
import * as z from "zod/mini";

/** One refund. `spend` names the payment: there is one refund for each. */
export const Refund = z.object({
  /** RFC 3339. */
  time: z.string(),
  route: z.string(),
  spend: z.string(),
  payer: z.string(),
  network: z.string(),
  asset: z.string(),
  /** Atomic units of the token. */
  amount: z.string(),
  /** Who was paid, and so who owes. */
  payTo: z.string(),
  /** In which it was paid. */
  transaction: z.string(),
  reason: z.string(),
});
export type Refund = z.infer<typeof Refund>;

/** The list of them. */
export type RefundLedger = {
  /** Notes a refund; false when the payment has one already. @throws GatewayError `store_unavailable` */
  record: (refund: Refund) => Promise<boolean>;
};
