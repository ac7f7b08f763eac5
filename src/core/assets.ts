/** Networks and tokens the gateway can be paid in: the x402 SDK's own tables, read in one place. */
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { EVM_NETWORK_CHAIN_ID_MAP } from "@x402/evm/v1";

/** A token on a network, with what a payer's wallet needs to sign for it. */
export type Asset = {
  /** Contract address. */
  address: string;
  decimals: number;
  /** EIP-712 domain name and version of the token contract. */
  name: string;
  version: string;
};

const scheme = new ExactEvmScheme();

/** The short names of networks (`base`, `base-sepolia`, …), for suggestions. */
export const NETWORK_NAMES: readonly string[] = Object.keys(EVM_NETWORK_CHAIN_ID_MAP);

/** The CAIP-2 identifier (`eip155:8453`) of a network given by name or as CAIP-2; undefined if it is neither. */
export function toCaip2(network: string): `eip155:${number}` | undefined {
  if (/^eip155:[1-9]\d{0,15}$/.test(network)) return network as `eip155:${number}`;
  if (!Object.hasOwn(EVM_NETWORK_CHAIN_ID_MAP, network)) return undefined;
  return `eip155:${EVM_NETWORK_CHAIN_ID_MAP[network as keyof typeof EVM_NETWORK_CHAIN_ID_MAP]}`;
}

/** The chain id in a CAIP-2 identifier of an EVM network. */
export function chainIdOf(network: string): number {
  return Number(network.slice("eip155:".length));
}

/**
 * Looks a token up by its symbol (`USDC`).
 * @returns the token, or why it cannot be taken: the network has none of that name, or it knows no EIP-3009
 */
export async function findAsset(
  symbol: string,
  network: `eip155:${number}`,
): Promise<Asset | "unknown" | "not-eip3009"> {
  if (!/^[A-Za-z][A-Za-z0-9.]{0,15}$/.test(symbol)) return "unknown";
  try {
    const { asset, extra } = await scheme.parsePrice(`1 ${symbol}`, network);
    const decimals = scheme.getAssetDecimals(asset, network);
    if (decimals === undefined) return "unknown";
    if (extra?.assetTransferMethod !== undefined) return "not-eip3009";
    return { address: asset, decimals, name: String(extra?.name), version: String(extra?.version) };
  } catch {
    return "unknown";
  }
}
