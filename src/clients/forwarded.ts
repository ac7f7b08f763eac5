/** What one proxy says of one request: an element of `Forwarded` (RFC 7239), a member of `X-Forwarded-For`. */
import { type Ip, readIp } from "../core/ip.ts";

/** Who was connected to the proxy, and what was asked of it; what is hidden or unknown is undefined. */
export type Statement = {
  address?: Ip | undefined;
  proto?: string | undefined;
  host?: string | undefined;
};

/**
 * One parameter and what follows (RFC 7239, section 4). A value without quotes may have colons and brackets here,
 * because many proxies forget to quote addresses, and nothing else could be meant.
 */
const PARAMETER = /^([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w:[\]-]+))\s*(?:;\s*|$)/;

/** Reads an element of `Forwarded`; undefined when it is none, or says a thing twice. */
export function statementOf(element: string): Statement | undefined {
  const said = new Map<string, string>();
  let rest = element;
  do {
    const [parameter, name = "", quoted, plain = ""] = PARAMETER.exec(rest) ?? [];
    if (parameter === undefined || said.has(name.toLowerCase())) return undefined;
    said.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain);
    rest = rest.slice(parameter.length);
  } while (rest !== "");
  return { address: nodeOf(said.get("for") ?? ""), proto: said.get("proto"), host: said.get("host") };
}

/** An address with or without a port (RFC 7239, section 6): one of IPv6 in brackets, where there is a port. */
const NODE = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/i;
const BARE = /^[0-9a-f:.]+$/i;

/** The address that a proxy names; undefined for `unknown`, for a name of its own (`_hidden`), and for what is neither. */
export function nodeOf(text: string): Ip | undefined {
  const [node, inBrackets, plain] = NODE.exec(text) ?? [];
  if (node === undefined) return BARE.test(text) ? readIp(text) : undefined;
  // An IPv4 address in brackets is none.
  if (inBrackets !== undefined) return inBrackets.includes(":") ? readIp(inBrackets) : undefined;
  return readIp(plain);
}
