/** Addresses that can receive money. */
import { isAddress } from "viem/utils";
import { isSolanaAddress } from "./base58.ts";
import { isSolana } from "./networks.ts";

/** An address on that network (EVM: with a valid checksum where it has one) that is not the zero address. */
export function isWallet(address: string, network?: string): boolean {
  if (network !== undefined && isSolana(network)) return isSolanaAddress(address);
  return isAddress(address) && !/^0x0{40}$/.test(address);
}
