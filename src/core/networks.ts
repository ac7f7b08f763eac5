/** Networks by their names and CAIP-2 identifiers: EVM ones from the x402 SDK's table, and Solana's. */
import { EVM_NETWORK_CHAIN_ID_MAP } from "@x402/evm/v1";

/** A CAIP-2 identifier of a network that can be paid on. */
export type Network = `eip155:${number}` | `solana:${string}`;

/** CAIP-2 names Solana's clusters by the start of their genesis hash. */
const SOLANA: Record<string, Network> = {
  solana: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
  "solana-devnet": "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
};
const EVM: Record<string, number> = EVM_NETWORK_CHAIN_ID_MAP;
/**
 * The clients of version 1 (`x402` 1.2) have a closed list of names and refuse a whole answer for one that is not in it.
 * These came later.
 */
const NOT_IN_V1 = new Set("ethereum sepolia megaeth monad stable stable-testnet celo flare".split(" "));

/** The short names of networks (`base`, `base-sepolia`, …), for suggestions. */
export const NETWORK_NAMES: readonly string[] = [...Object.keys(EVM), ...Object.keys(SOLANA)];

/** The CAIP-2 identifier (`eip155:8453`) of a network given by name or as CAIP-2; undefined if it is neither. */
export function toCaip2(network: string): Network | undefined {
  if (/^eip155:[1-9]\d{0,15}$/.test(network)) return network as Network;
  if (Object.hasOwn(SOLANA, network)) return SOLANA[network];
  if (Object.values(SOLANA).includes(network as Network)) return network as Network;
  return Object.hasOwn(EVM, network) ? `eip155:${EVM[network] ?? 0}` : undefined;
}

/** The name of a network in version 1 of x402, if it has one. */
export function toV1Name(network: string): string | undefined {
  return NETWORK_NAMES.find((name) => toCaip2(name) === network);
}

/** True when every client of version 1 can read an offer on the network of that name. */
export function isKnownToV1(name: string): boolean {
  return !NOT_IN_V1.has(name);
}

/** True for Solana's networks. */
export function isSolana(network: string): boolean {
  return network.startsWith("solana:");
}

/** The chain id in a CAIP-2 identifier of an EVM network. */
export function chainIdOf(network: string): number {
  return Number(network.slice("eip155:".length));
}

/** Whether a facilitator that lists `listed` (a CAIP-2 network, or all of a namespace, `eip155:*`) settles on `network`. */
export function coversNetwork(listed: string, network: string): boolean {
  return listed === network || listed === `${network.split(":")[0]}:*`;
}
