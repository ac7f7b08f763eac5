/**
 * The session token: `{id}.{secret}`. The id says where the session is kept and is no secret; the secret is 256 random
 * bits, and only its hash is stored. Programs get it in a header, browsers in a cookie that scripts cannot read; each
 * group of routes has a cookie of its own.
 */
import type { Call, Ticket } from "../core/call.ts";
import { readCookies, SESSION_COOKIE, SESSION_HEADER } from "../core/session.ts";

const TOKEN = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** The token of a call to a route that sells time; what does not look like one is none. */
export function readTicket({ request, route }: Call): Ticket | undefined {
  if (!route.session) return undefined;
  const token =
    request.headers.get(SESSION_HEADER) ??
    readCookies(request.headers).get(SESSION_COOKIE + route.session.cookie);
  const [, id, secret] = TOKEN.exec(token ?? "") ?? [];
  return id && secret ? { id, secret } : undefined;
}

/** A new secret. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** The answer's fields that give a session to the client: token, end (RFC 3339) and cookie. */
export function ticketFields(call: Call, { id, secret }: Ticket, endsAt: number): Record<string, string> {
  const { session } = call.route;
  const token = `${id}.${secret}`;
  const seconds = Math.max(0, Math.floor((endsAt - Date.now()) / 1000));
  const secure = call.url.protocol === "https:" ? "; Secure" : "";
  return {
    [SESSION_HEADER]: token,
    ...endField(endsAt),
    "set-cookie": `${SESSION_COOKIE}${session?.cookie}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
  };
}

/** The answer's field that says when the paid time ends (RFC 3339). */
export function endField(endsAt: number): Record<string, string> {
  return { [`${SESSION_HEADER}-expires`]: new Date(endsAt).toISOString() };
}
