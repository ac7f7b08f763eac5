/** SHA-256 of the parts, unambiguously joined, as lower-case hexadecimal digits. */
export function hash(...parts: string[]): Promise<string> {
  return digest("SHA-256", JSON.stringify(parts));
}

/** The digest of a text's UTF-8, as lower-case hexadecimal digits. */
export async function digest(algorithm: "SHA-1" | "SHA-256", text: string): Promise<string> {
  return hex(await crypto.subtle.digest(algorithm, new TextEncoder().encode(text)));
}

/** Bytes as lower-case hexadecimal digits. */
export function hex(bytes: ArrayBuffer | Uint8Array): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of an even number of hexadecimal digits. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A hash that only whoever has the secret could guess back: of addresses and payers, in keys and in the log. */
export async function keyedHash(secret: string, text: string): Promise<string> {
  return (await hash(secret, text)).slice(0, 32);
}
