/** Tokens the gateway can be paid in: the x402 SDK's own table, and USDC on Solana. */
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { isSolana, type Network } from "./networks.ts";

/** How a payment's money is moved: by the token itself, by Permit2 and x402's proxy, or by a whole transaction (Solana). */
export type Transfer = "eip3009" | "permit2" | "transaction";

/** A token on a network, with what a payer's wallet needs to sign for it. */
export type Asset = {
  /** Contract address; on Solana the mint. */
  address: string;
  decimals: number;
  /** EIP-712 domain name and version of the token contract; empty where it has none, or where none is needed. */
  name: string;
  version: string;
};

const scheme = new ExactEvmScheme();

/** Circle's mints. */
const SOLANA_USDC: Record<string, string> = {
  "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
  "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1": "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
};

/**
 * Looks a token up by its symbol (`USDC`); undefined when the network has none of that name.
 * @returns the token, and how it is paid unless it is said otherwise
 */
export async function findAsset(
  symbol: string,
  network: Network,
): Promise<{ asset: Asset; transfer: Transfer } | undefined> {
  if (isSolana(network)) {
    const address = symbol === "USDC" ? SOLANA_USDC[network] : undefined;
    const asset = address && { address, decimals: 6, name: "", version: "" };
    return asset ? { asset, transfer: "transaction" } : undefined;
  }
  if (!/^[A-Za-z][A-Za-z0-9.]{0,15}$/.test(symbol)) return undefined;
  try {
    const { asset: address, extra } = await scheme.parsePrice(`1 ${symbol}`, network);
    const decimals = scheme.getAssetDecimals(address, network);
    if (decimals === undefined) return undefined;
    const transfer = extra?.assetTransferMethod === undefined ? "eip3009" : "permit2";
    const asset = {
      address,
      decimals,
      name: String(extra?.name ?? ""),
      version: String(extra?.version ?? ""),
    };
    return { asset, transfer };
  } catch {
    return undefined;
  }
}
