/**
 * Who is looking: a person, or a program. A browser that opens a page says so (Fetch Metadata: `navigate`, `document`), and
 * prefers HTML to everything it names. What says less, or names JSON first, is a program and gets what it always got; so
 * does whoever comes with a payment.
 */
import { HEADERS } from "../core/x402.ts";

/** What the answer depends on. */
export const VARY = "Accept, Sec-Fetch-Mode, Sec-Fetch-Dest";

/** True when the answer will be looked at. */
export function isForPeople({ method, headers }: Request): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (headers.has(HEADERS.signature) || headers.has(HEADERS.v1Signature)) return false;
  const says = (name: string, wanted: string) => (headers.get(name) ?? wanted) === wanted;
  if (!says("sec-fetch-mode", "navigate") || !says("sec-fetch-dest", "document")) return false;
  return prefersHtml(headers.get("accept") ?? "");
}

function prefersHtml(accept: string): boolean {
  const named = accept.split(",").map(readRange);
  // The most specific range decides (RFC 9110, 12.5.1).
  const worth = (...ranges: string[]) => {
    for (const range of ranges) {
      const found = named.find(({ type }) => type === range);
      if (found) return found.q;
    }
    return 0;
  };
  const html = worth("text/html");
  const json = Math.max(
    worth("application/json", "application/*", "*/*"),
    worth("application/problem+json", "application/*", "*/*"),
  );
  return html > json && named.every(({ q }) => q <= html);
}

/** `text/html;level=1;q=0.7`; no parameter of a media type that matters here holds a comma. */
function readRange(range: string): { type: string; q: number } {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  return { type, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}
