/** Answers as they are stored, and back. Text is stored as it is, anything else as base64. */
import { fromBase64, join, toBase64 } from "../core/bytes.ts";
import type { Entry, Kept } from "../core/kept.ts";

/** Fields about this transfer; those of a body follow from what is stored. */
const NOT_STORED = new Set(["age", "cache-status", "x-cache-status", "content-length", "set-cookie"]);
/** Of a 304, what is about the body is not taken over (RFC 9111, 3.2). */
const ABOUT_THE_BODY =
  /^(?:content-(?:encoding|length|range|type|location|language)|transfer-encoding|etag)$/;
/** Statuses whose answers have no body. */
const EMPTY = new Set([204, 304]);

/** The fields of an answer that are stored; `Date` is added where the upstream has no clock (RFC 9110, 6.6.1). */
export function storedHeaders(headers: Headers): Entry["headers"] {
  const stored = [...headers].filter(([name]) => !NOT_STORED.has(name));
  return headers.has("date") ? stored : [...stored, ["date", new Date().toUTCString()]];
}

/** Its body as it is stored. */
export function storedBody(chunks: Uint8Array[]): Pick<Entry, "encoding" | "size"> & { body: string } {
  const bytes = join(chunks);
  const size = bytes.byteLength;
  try {
    const body = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { encoding: "text", size, body };
  } catch {
    return { encoding: "base64", size, body: toBase64([bytes]) };
  }
}

/** A kept answer's fields once the upstream has said that it is still good. */
export function updatedHeaders(stored: Entry["headers"], fresh: Headers): Headers {
  const headers = new Headers(stored);
  for (const [name, value] of fresh) {
    if (!NOT_STORED.has(name) && !ABOUT_THE_BODY.test(name)) headers.set(name, value);
  }
  return headers;
}

/** The answer to hand out; `isHead` leaves its body out. */
export function responseOf(
  { entry }: Kept,
  body: string,
  { age, isHead }: { age: number; isHead: boolean },
): Response {
  const headers = new Headers(entry.headers);
  headers.set("age", String(age));
  // Kept for when the upstream says that it is still good, and for nobody else.
  headers.delete("cache-tag");
  if (!EMPTY.has(entry.status)) headers.set("content-length", String(entry.size));
  const content = isHead || entry.size === 0 ? null : entry.encoding === "text" ? body : fromBase64(body);
  return new Response(content, { status: entry.status, headers });
}
