/**
 * Two readers of one path must never see two paths: the gateway prices what it matched, the upstream serves what
 * it decodes. So anything that a careless decoder would read differently is refused before matching.
 */

/**
 * True for the gateway's own paths, in whatever case. No route has them, and no wildcard stands for them: what is sent there
 * may be an operator's token or cookie, which a slip in the path must not hand to an upstream.
 */
export function isReserved(path: string): boolean {
  return /^\/__tollbooth(?:\/|$)/i.test(path);
}

/** Unreserved characters need no escape (RFC 3986, 2.3); escaped separators change what a path means. */
const MUST_NOT_BE_ESCAPED = /^[A-Za-z0-9._~/\\;-]$/;

/** True when the path (no query) has exactly one reading. */
export function isCanonicalPath(path: string): boolean {
  if (!path.startsWith("/") || path.includes("//") || /[\\;#\s]/.test(path)) return false;
  if (path.split("/").some((segment) => segment === "." || segment === "..")) return false;
  if (/%25[0-9a-f]{2}/i.test(path)) return false;
  return escapesAreCanonical(path) && isDecodable(path);
}

function escapesAreCanonical(path: string): boolean {
  for (const [escaped] of path.matchAll(/%.{0,2}/g)) {
    if (!/^%[0-9a-f]{2}$/i.test(escaped)) return false;
    const code = Number.parseInt(escaped.slice(1), 16);
    if (code < 0x20 || code === 0x7f || MUST_NOT_BE_ESCAPED.test(String.fromCharCode(code))) return false;
  }
  return true;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
