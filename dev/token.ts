/** The token of the development chain, at the address and with the names of USDC on Base Sepolia. */
import type { Address } from "viem";
import { formatUnits, parseAbi } from "viem";

/** Chain id of Base Sepolia, which the development chain takes as its own. */
export const CHAIN_ID = 84532;

/** CAIP-2 name of that network. */
export const NETWORK = "eip155:84532" as const;

/** Its name in version 1 of x402. */
export const V1_NETWORK = "base-sepolia";

/** What a payer needs to know of the token. */
export const TOKEN = {
  address: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  name: "USDC",
  version: "2",
  decimals: 6,
} as const;

/** Where Multicall3 lives on every chain that has it. */
export const MULTICALL3: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";

/** Where Permit2 and x402's two proxies live on every chain that has them. */
export const PERMIT2: Address = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
export const EXACT_PROXY: Address = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";
export const UPTO_PROXY: Address = "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002";

/** The part of the token that development code and tests call; the whole is in `contracts/artifacts.json`. */
export const TOKEN_ABI = parseAbi([
  "function mint(address to, uint256 value)",
  "function approve(address spender, uint256 value) returns (bool)",
  "function balanceOf(address account) view returns (uint256)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
  "function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
]);

/** The EIP-712 types of an EIP-3009 transfer, as wallets sign it. */
export const TRANSFER_TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** `10000n` as `"0.01"`. */
export function formatAmount(units: bigint): string {
  return formatUnits(units, TOKEN.decimals);
}
