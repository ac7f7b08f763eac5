/** JSON bodies: one as clients send them, and some that are made to be hard to read. */

const SENTENCE = 'He said: "It costs nothing to ask."\n';

/** A chat of that many bytes, give or take a message. */
export function chatOf(bytes: number): Uint8Array<ArrayBuffer> {
  const message = { role: "user", content: SENTENCE.repeat(10) };
  const messages = Array.from({ length: Math.ceil(bytes / JSON.stringify(message).length) }, () => message);
  return new Uint8Array(new TextEncoder().encode(JSON.stringify({ model: "house-1", messages })));
}

/** Members or elements, one for each number. */
const list = (count: number, make: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join();

/** By what they are made of; each takes the length it shall have, bytes. */
export const DIFFICULT: Record<string, (length: number) => string> = {
  "a chat": (length) => new TextDecoder().decode(chatOf(length)),
  "one string": (length) => `{"a":"${"x".repeat(length)}"}`,
  "one string of escaped quotes": (length) => `{"a":"${'\\"'.repeat(length / 2)}"}`,
  "one string of backslashes": (length) => `{"a":"${"\\\\".repeat(length / 2)}"}`,
  blanks: (length) => `{"a":${" ".repeat(length)}1}`,
  "arrays in arrays": (length) => "[".repeat(length / 2) + "]".repeat(length / 2),
  "objects in objects": (length) => `${'{"a":'.repeat(length / 6)}1${"}".repeat(length / 6)}`,
  "empty objects": (length) => `[${list(length / 3, () => "{}")}]`,
  "different names": (length) => `{${list(length / 10, (i) => `"n${i.toString(36)}":1`)}}`,
  "different names, escaped": (length) => `{${list(length / 14, (i) => `"\\u006e${i.toString(36)}":1`)}}`,
};
