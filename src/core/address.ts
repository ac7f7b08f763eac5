/** Addresses that can receive money. */
import { isSolanaAddress } from "./base58.ts";
import { hex } from "./hash.ts";
import { keccak } from "./keccak.ts";
import { isSolana } from "./networks.ts";

/** An address on that network (EVM: with a valid checksum where it has one) that is not the zero address. */
export function isWallet(address: string, network?: string): boolean {
  if (network !== undefined && isSolana(network)) return isSolanaAddress(address);
  return /^0x[0-9a-fA-F]{40}$/.test(address) && !/^0x0{40}$/.test(address) && hasItsChecksum(address);
}

/** ERC-55: the case of each letter is a bit of the address's hash; an address in one case has no checksum. */
function hasItsChecksum(address: string): boolean {
  const digits = address.slice(2);
  const lower = digits.toLowerCase();
  if (digits === lower || digits === digits.toUpperCase()) return true;
  const bits = hex(keccak(lower));
  return [...lower].every((digit, i) => {
    const upper = Number.parseInt(bits.charAt(i), 16) >= 8;
    return digits.charAt(i) === (upper ? digit.toUpperCase() : digit);
  });
}
