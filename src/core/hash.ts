/** SHA-256 of the parts, unambiguously joined, as lower-case hexadecimal digits. */
export function hash(...parts: string[]): Promise<string> {
  return digest("SHA-256", JSON.stringify(parts));
}

/** What stands for a client, payer or account in keys and books: nobody without the secret can guess it back. */
export async function keyedHash(secret: string, ...parts: string[]): Promise<string> {
  return (await hash(secret, ...parts)).slice(0, 32);
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
