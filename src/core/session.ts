/** How what was paid for ahead is named on the wire: paid time and credits; what carries it never crosses the gateway. */

/** Header of requests and answers that carries the session token. */
export const SESSION_HEADER = "tollbooth-session";

/** Field of answers: credits that are left. */
export const CREDITS_HEADER = "x-tollbooth-credits-remaining";

/** Header of requests: `1` buys more credits although some are left. */
export const TOP_UP_HEADER = "x-tollbooth-top-up";

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
