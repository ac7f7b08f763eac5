/** The shape of one way to pay. */
import * as z from "zod/mini";

/** A token on a network, and how it is paid. */
export const AcceptSchema = z.strictObject({
  /** Symbol of a token in the x402 SDK's table: `USDC`. */
  asset: z.string(),
  /** `base`, `solana`, or CAIP-2: `eip155:8453`. */
  network: z.string(),
  /** `exact` (default), or `upto` for routes whose price depends on what was used: it takes Permit2. */
  scheme: z.optional(z.enum(["exact", "upto"])),
  /** `eip3009` or `permit2`. Default: what the token is known to take, EIP-3009 where it can. */
  transfer: z.optional(z.enum(["eip3009", "permit2"])),
});
