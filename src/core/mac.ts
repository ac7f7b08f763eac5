/** Words with a seal (HMAC-SHA-256): every instance with the secret can check it, and nobody else can make it. */
import { fromHex, hex } from "./hash.ts";

/** Seals for one purpose: what was sealed for another is not taken. */
export type Mac = {
  /** The seal, lower-case hexadecimal digits. */
  seal: (words: string) => Promise<string>;
  /** True for the seal of just these words, in a time that does not tell how much of it is right. */
  isSealed: (words: string, seal: string) => Promise<boolean>;
};

/** The seals of this secret. */
export function makeMac(purpose: string, secret: string): Mac {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = () =>
    crypto.subtle.importKey("raw", bytes(`${purpose} ${secret}`), algorithm, false, ["sign", "verify"]);
  return {
    seal: async (words) => hex(await crypto.subtle.sign("HMAC", await key(), bytes(words))),
    isSealed: async (words, seal) => crypto.subtle.verify("HMAC", await key(), fromHex(seal), bytes(words)),
  };
}
