/** Bytes in a row, and as text. */

/** Bytes that are turned into characters at once. */
const CHUNK = 8192;

/** One array of all of them. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

/** Standard base64 of all of them in a row. */
export function toBase64(parts: readonly Uint8Array[]): string {
  let text = "";
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; at += CHUNK) {
      // Spread, they would go through an iterator one by one.
      text += Reflect.apply(String.fromCharCode, undefined, part.subarray(at, at + CHUNK));
    }
  }
  return btoa(text);
}

/** The bytes of standard base64. @throws DOMException for anything else */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}
