/** Contracts of Uniswap and of the x402 project that stand at one address on every chain (scheme_exact_evm.md). */

/** Uniswap's Permit2: it moves the tokens of whoever has allowed it to, by a signature. */
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

const EXACT_PROXY = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";
const UPTO_PROXY = "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002";

/** x402's contract for a scheme: the only spender a payer signs for, it pays nobody but the witness's `to`. */
export function proxyOf(scheme: string): string {
  return scheme === "upto" ? UPTO_PROXY : EXACT_PROXY;
}
