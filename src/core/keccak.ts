/** Keccak-256, Ethereum's hash, over bytes and texts. */
import { keccak_256 } from "@noble/hashes/sha3.js";

/** The 32 bytes of the hash; a text is hashed as UTF-8. */
export function keccak(data: Uint8Array | string): Uint8Array {
  return keccak_256(typeof data === "string" ? new TextEncoder().encode(data) : data);
}
