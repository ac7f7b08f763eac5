/** Addresses that can receive money. */
import { isAddress } from "viem/utils";

/** An EVM address, with a valid checksum where it has one, that is not the zero address. */
export function isWallet(address: string): boolean {
  return isAddress(address) && !/^0x0{40}$/.test(address);
}
