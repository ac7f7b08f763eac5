/** How paid time is named on the wire; what carries it never crosses the gateway. */

/** Header of requests and answers that carries the session token. */
export const SESSION_HEADER = "tollbooth-session";

/** First part of the names of the cookies that carry it. */
export const SESSION_COOKIE = "tollbooth-session-";

/** Cookies of a request (RFC 6265, 5.4), names and values as they were sent; of two with one name the first. */
export function readCookies(headers: Headers): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at > 0 && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}
