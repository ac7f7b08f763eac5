/**
 * What is asked of contracts, encoded by hand: two calls with two words each do not need a library of encoders. A test
 * compares the constants with what viem makes of the signatures.
 */

/** `authorizationState(address,bytes32)` of a token. */
export const AUTHORIZATION_STATE = "0xe94a0102";
/** `nonceBitmap(address,uint256)` of Permit2. */
export const NONCE_BITMAP = "0x4fe02b44";
/** `AuthorizationUsed(address,bytes32)`. */
export const USED = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
/** `AuthorizationCanceled(address,bytes32)`. */
export const CANCELED = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
/** `Transfer(address,address,uint256)`. */
export const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** `settle(((address,uint256),uint256,uint256),address,(address,uint256),bytes)` of x402's proxy for `exact`. */
export const SETTLE_EXACT = "0x13cd3b53";
/** The same, behind a permit of five words that allows Permit2 to take the token. */
export const SETTLE_EXACT_WITH_PERMIT = "0xfa340378";
/** `settle(((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),bytes)` of that for `upto`. */
export const SETTLE_UPTO = "0xff11e7b4";
/** The same, behind a permit. */
export const SETTLE_UPTO_WITH_PERMIT = "0x016c1748";

/** An address, a `bytes32` or a number as one word: 64 hexadecimal digits without 0x, lower case. */
export function word(value: string | bigint): string {
  const digits = typeof value === "bigint" ? value.toString(16) : value.slice(2).toLowerCase();
  return digits.padStart(64, "0");
}

/** The word with that index in the arguments of a call; empty where there is none. */
export function argument(input: string, index: number): string {
  return input.slice(10 + index * 64, 10 + (index + 1) * 64).toLowerCase();
}
