/**
 * Who the client is. The platform knows who is connected: the socket in Node, what Cloudflare and Vercel say elsewhere.
 * Where that is a proxy that the seller trusts (`gateway.trustProxy`), the proxy says who was connected to it, and so on
 * for as long as the one who speaks is trusted. So the list that proxies write is read from its end, where the nearest
 * has written, and never beyond the first address that is not trusted: what comes before that, the client may have made
 * up. What cannot be read ends the walk as well, and the last address that is known stands.
 *
 * Of the two fields that proxies write, the one that is configured is read and the other is not: whoever writes one of
 * them lets the client's other one through.
 */
import type { Arrival } from "../core/arrival.ts";
import type { ProxyTrust } from "../core/inspection.ts";
import { type Ip, isWithin, readIp } from "../core/ip.ts";
import { nodeOf, type Statement, statementOf } from "./forwarded.ts";
import { fromTheEnd } from "./list.ts";

/** No chain of proxies is longer; what is beyond is not looked at. */
const MOST_PROXIES = 32;

/** Says who the client is. Asks nobody, and never throws. */
export type Locate = (arrival: Arrival) => Arrival;

/** Makes the room; without `trust` the client is whoever is connected. */
export function makeLocate(trust: ProxyTrust | undefined): Locate {
  return function locate(arrival) {
    const peer = readIp(arrival.clientAddress);
    const seen = { ...arrival, clientAddress: peer?.toString() };
    if (!trust || !peer || !isTrusted(trust, peer)) return seen;
    const { client, via, last } = walk(peer, trust, statements(arrival, peer, trust));
    const { proto, host } = trust.header === "forwarded" ? last : beside(arrival.request.headers);
    const origin = originOf(arrival.request, proto, trust.host ? host : undefined);
    return { ...seen, clientAddress: client.toString(), via, ...(origin === undefined ? {} : { origin }) };
  };
}

function isTrusted({ ranges }: ProxyTrust, ip: Ip): boolean {
  return ranges?.some((range) => isWithin(range, ip)) ?? true;
}

/** From the one who is connected, as far as trust goes. `last` is what the outermost trusted proxy has said. */
function walk(peer: Ip, trust: ProxyTrust, said: Iterable<Statement | undefined>) {
  const via: string[] = [];
  let client = peer;
  let last: Statement = {};
  for (const statement of said) {
    if (!statement || via.length >= Math.min(trust.hops, MOST_PROXIES) || !isTrusted(trust, client)) break;
    last = statement;
    if (!statement.address) break;
    via.unshift(client.toString());
    client = statement.address;
  }
  return { client, via, last };
}

/** What was said, the nearest proxy's word first; undefined for what says nothing. */
function* statements(
  { request, addressListed }: Arrival,
  peer: Ip,
  { header }: ProxyTrust,
): Generator<Statement | undefined> {
  const field = request.headers.get(header) ?? "";
  if (header === "forwarded") {
    for (const element of fromTheEnd(field, true)) yield statementOf(element);
    return;
  }
  const members = fromTheEnd(field, false);
  // The platform's own entry comes first. If it is not there, nobody knows who has written the list.
  if (addressListed && nodeOf(members.next().value ?? "")?.toString() !== peer.toString()) return;
  for (const member of members) {
    const address = nodeOf(member);
    yield address && { address };
  }
}

/** What the proxy that is connected says beside `X-Forwarded-For`: where others have said something before, the last. */
function beside(headers: Headers): Statement {
  const lastOf = (name: string) => fromTheEnd(headers.get(name) ?? "", false).next().value || undefined;
  return { proto: lastOf("x-forwarded-proto"), host: lastOf("x-forwarded-host") };
}

const HOST = /^(?:[a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Scheme and host that were asked for, if they are said; what cannot be one is not heard. */
function originOf(request: Request, proto: string | undefined, host: string | undefined): string | undefined {
  const own = new URL(request.url);
  const scheme = /^https?$/i.test(proto ?? "") ? `${proto}:` : own.protocol;
  const authority = host !== undefined && HOST.test(host) ? host : own.host;
  const asked = `${scheme}//${authority}`;
  const origin = URL.canParse(asked) ? new URL(asked).origin : own.origin;
  return origin === own.origin ? undefined : origin;
}
