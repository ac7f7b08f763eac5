/** Conditional requests (RFC 9110, 13), answered from what is there. */
import type { Call } from "../core/call.ts";
import { parseDate } from "./dates.ts";

/** Fields that a 304 has if the answer has them (RFC 9110, 15.4.5), and those that tell about the cache. */
const OF_A_304 =
  /^(?:cache-control|content-location|date|etag|expires|vary|age|last-modified|cache-status|x-.*)$/;

/** The request's conditions that are about what a client has already. */
export const CONDITIONS = ["if-none-match", "if-modified-since"] as const;

/**
 * True when the client has this very answer (RFC 9110, 13.2.2; `If-Modified-Since` counts only by itself). Never where it
 * is charged by use: nothing would be counted of an answer that the upstream has made.
 */
export function isNotModified({ request, route }: Call, { status, headers }: Response): boolean {
  if (status !== 200 || route.usage || !/^(?:GET|HEAD)$/.test(request.method)) return false;
  const match = request.headers.get("if-none-match");
  const etag = headers.get("etag");
  if (match !== null)
    return match.trim() === "*" || (etag !== null && opaqueTags(match).includes(weak(etag)));
  const since = parseDate(request.headers.get("if-modified-since") ?? "");
  const modified = parseDate(headers.get("last-modified") ?? headers.get("date") ?? "");
  return since !== undefined && modified !== undefined && modified <= since;
}

/** The 304 in place of an answer. */
export function notModified({ headers }: Response): Response {
  const kept = new Headers();
  for (const [name, value] of headers) if (OF_A_304.test(name)) kept.append(name, value);
  return new Response(null, { status: 304, headers: kept });
}

/** What to ask the upstream with, to hear whether an answer is still good (RFC 9110, 13.1). */
export function validatorsOf(headers: Headers): Record<string, string> {
  const etag = headers.get("etag");
  const modified = headers.get("last-modified");
  return {
    ...(etag === null ? {} : { "if-none-match": etag }),
    ...(modified === null ? {} : { "if-modified-since": modified }),
  };
}

/** True when a 304 can be about this answer: it names no other (RFC 9111, 4.3.4). */
export function isAbout(stored: Headers, fresh: Headers): boolean {
  const etag = fresh.get("etag");
  if (etag !== null) return weak(etag) === weak(stored.get("etag") ?? "");
  const modified = fresh.get("last-modified");
  return modified === null || stored.has("etag") || modified === stored.get("last-modified");
}

function opaqueTags(field: string): string[] {
  return (field.match(/(?:W\/)?"[^"]*"|[^\s,]+/g) ?? []).map(weak);
}

/** Weak comparison (RFC 9110, 8.8.3.2). */
function weak(etag: string): string {
  return etag.trim().replace(/^W\//, "");
}
