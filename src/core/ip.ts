/** IP addresses and ranges of them. An IPv4 address that is written as an IPv6 one is the IPv4 address. */
import ipaddr from "ipaddr.js";

/** An address, without a zone. */
export type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/** All addresses that share the first so many bits. */
export type IpRange = { network: Ip; bits: number };

const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** The address, unless the text is something else; IPv4 only as four decimal numbers: `0177.1` is another address to others. */
export function readIp(text: string | undefined): Ip | undefined {
  // The library would throw for it, and catch that.
  if (!text) return undefined;
  const plain = text.replace(/%[\w.-]+$/, "");
  if (ipaddr.IPv4.isValidFourPartDecimal(plain)) return ipaddr.IPv4.parse(plain);
  const [ending] = /[^:]*\.[^:]*$/.exec(plain) ?? [];
  if (ending !== undefined && !ipaddr.IPv4.isValidFourPartDecimal(ending)) return undefined;
  return ipaddr.IPv6.isValid(plain) ? ipaddr.process(plain) : undefined;
}

/** The first address of the network that an address is in. */
export function networkOf(ip: Ip, bits: number): string {
  const { IPv4, IPv6 } = ipaddr;
  const kind = ip.kind() === "ipv4" ? IPv4 : IPv6;
  return kind.networkAddressFromCIDR(`${ip}/${bits}`).toString();
}

/** A range in CIDR notation, or one address; undefined for anything else. `network` is as it was written. */
export function readRange(text: string): IpRange | undefined {
  const [, address = "", length] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const network = readIp(address);
  if (!network) return undefined;
  const whole = network.kind() === "ipv4" ? IPV4_BITS : IPV6_BITS;
  if (length === undefined) return { network, bits: whole };
  // Of an IPv4 address that is written as an IPv6 one, the bits before it count as well.
  const before = whole === IPV4_BITS && address.includes(":") ? IPV6_BITS - IPV4_BITS : 0;
  const bits = Number(length) - before;
  return bits >= 0 && bits <= whole ? { network, bits } : undefined;
}

/** Whether an address is in a range; ranges of IPv6 hold no IPv4 addresses. */
export function isWithin({ network, bits }: IpRange, ip: Ip): boolean {
  return ip.kind() === network.kind() && ip.match(network, bits);
}

/** All that come without an address share one count. */
const NO_ADDRESS = "none";

/**
 * The address as it is counted: IPv4 as it is, also when written as IPv6; IPv6 by its /64, because whoever has one
 * address there has all of them.
 */
export function toCountedAddress(address: string | undefined): string {
  const ip = readIp(address);
  if (!ip) return NO_ADDRESS;
  return ip.kind() === "ipv4" ? ip.toString() : `${networkOf(ip, 64)}/64`;
}
