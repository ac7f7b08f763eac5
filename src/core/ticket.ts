/**
 * The token to what was paid for ahead, paid time or credits: `{id}.{secret}`. The id says where that is kept and is no
 * secret; the secret is 256 random bits, and only its hash is stored. Programs get it in a header, browsers in a cookie
 * that scripts cannot read; each group of routes has a cookie of its own.
 */
import type { Call, Ticket } from "./call.ts";
import { readCookies, SESSION_COOKIE, SESSION_HEADER, TOP_UP_HEADER } from "./session.ts";

/** What the purchases on a group of routes are kept under: where its prices differ, each price by itself. */
export function groupOf({ quoted }: Pick<Call, "quoted">, { group }: { group: string }): string {
  return quoted?.tier ? `${group} at ${quoted.tier}` : group;
}

function cookieOf({ quoted }: Call, { cookie }: { cookie: string }): string {
  return SESSION_COOKIE + (quoted?.tier ? `${cookie}-${quoted.tier}` : cookie);
}

const TOKEN = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** The token of a call to a route that sells time or credits; what does not look like one is none. */
export function readTicket(call: Call): Ticket | undefined {
  const { request, route } = call;
  const sold = route.session ?? route.credits;
  if (!sold || isTopUp(call)) return undefined;
  const token = request.headers.get(SESSION_HEADER) ?? readCookies(request.headers).get(cookieOf(call, sold));
  const [, id, secret] = TOKEN.exec(token ?? "") ?? [];
  return id && secret ? { id, secret } : undefined;
}

/** True when the client wants to buy more credits, whatever it has left: nothing is drawn then. */
export function isTopUp({ request, route }: Call): boolean {
  return route.credits !== undefined && request.headers.get(TOP_UP_HEADER) === "1";
}

/** A new secret. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** The answer's fields that give what was bought to the client: token, end (RFC 3339) and cookie. */
export function ticketFields(call: Call, { id, secret }: Ticket, endsAt: number): Record<string, string> {
  const sold = call.route.session ?? call.route.credits;
  const token = `${id}.${secret}`;
  const seconds = Math.max(0, Math.floor((endsAt - Date.now()) / 1000));
  const secure = call.url.protocol === "https:" ? "; Secure" : "";
  return {
    [SESSION_HEADER]: token,
    ...endField(endsAt),
    "set-cookie": `${sold ? cookieOf(call, sold) : SESSION_COOKIE}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
  };
}

/** The answer's field that says when it ends (RFC 3339). */
export function endField(endsAt: number): Record<string, string> {
  return { [`${SESSION_HEADER}-expires`]: new Date(endsAt).toISOString() };
}
