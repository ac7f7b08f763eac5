/**
 * A Solana transaction on the wire: signatures, then the message they sign. Read to its last byte, and refused if
 * anything in it could be written in another way: what is one transaction to the chain must be one payment here.
 */
import { toBase58 } from "../core/base58.ts";
import { hex } from "../core/hash.ts";

/** What of a transaction matters here. */
export type SolanaMessage = {
  /** The signed bytes, in hexadecimal digits. */
  message: string;
  /** The account that pays the fees, in base58. */
  feePayer: string;
};

const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;

/** Reads a transaction in base64; undefined when it is none, or not in its one canonical form. */
export function readTransaction(base64: string): SolanaMessage | undefined {
  try {
    const text = atob(base64);
    if (btoa(text) !== base64) return undefined;
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const reader = readerOf(bytes);
    const signatures = reader.count();
    reader.skip(signatures * SIGNATURE_BYTES);
    const start = reader.at();
    const { signers, feePayer } = readMessage(reader);
    if (signers !== signatures || reader.at() !== bytes.length) return undefined;
    return { message: hex(bytes.subarray(start)), feePayer: toBase58(feePayer) };
  } catch {
    return undefined;
  }
}

type Reader = ReturnType<typeof readerOf>;

function readMessage(reader: Reader): { signers: number; feePayer: Uint8Array } {
  const first = reader.byte();
  const versioned = first >= 0x80;
  // Version 0 is the only one there is.
  if (versioned && first !== 0x80) throw new RangeError("unknown version");
  const signers = versioned ? reader.byte() : first;
  reader.skip(2);
  const keys = reader.count();
  const feePayer = reader.skip(KEY_BYTES);
  reader.skip((keys - 1) * KEY_BYTES + KEY_BYTES);
  for (let left = reader.count(); left > 0; left--) {
    reader.skip(1);
    reader.skip(reader.count());
    reader.skip(reader.count());
  }
  for (let left = versioned ? reader.count() : 0; left > 0; left--) {
    reader.skip(KEY_BYTES);
    reader.skip(reader.count());
    reader.skip(reader.count());
  }
  if (signers === 0 || keys < signers) throw new RangeError("nobody signs");
  return { signers, feePayer };
}

/** Reads on from the start; throws at the end, and on a count that is not written as short as it can be. */
function readerOf(bytes: Uint8Array) {
  let at = 0;
  function skip(length: number): Uint8Array {
    if (length < 0 || at + length > bytes.length) throw new RangeError("too short");
    at += length;
    return bytes.subarray(at - length, at);
  }
  const byte = () => skip(1)[0] ?? 0;
  /** `shortvec`: seven bits to a byte, the lowest first, at most 16 bits. */
  function count(): number {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const next = byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) {
        if ((next === 0 && shift > 0) || value > 0xffff) break;
        return value;
      }
    }
    throw new RangeError("not a count");
  }
  return { at: () => at, skip, byte, count };
}
