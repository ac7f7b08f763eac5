/** Proxies in front of the gateway: ranges read, and what would trust nobody or be read in two ways refused. */

import type { ProxyTrust } from "../core/inspection.ts";
import { type IpRange, networkOf, readRange } from "../core/ip.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
/** Names for ranges, as Express has them; `private` is what most people call `uniquelocal`. */
const NAMED: Record<string, string[]> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: PRIVATE,
  private: PRIVATE,
};
const PATH = "gateway.trustProxy";

/** Who is believed; undefined is nobody. */
export function checkProxies({ gateway }: RawConfig, faults: Fault[]): ProxyTrust | undefined {
  const { trustProxy = false } = gateway ?? {};
  if (trustProxy === false) return undefined;
  const written = typeof trustProxy === "object" ? trustProxy : {};
  const { header = "x-forwarded-for", host = false, cidrs } = written;
  const hops = typeof trustProxy === "number" ? trustProxy : written.hops;
  if (trustProxy !== true && hops === undefined && cidrs === undefined) {
    const fix = 'say where they are: cidrs: ["10.0.0.0/8"], or how many: hops: 1';
    faults.push({ path: PATH, message: "trusts no proxy", fix });
  }
  const ranges = cidrs?.flatMap((text, i) => checkRange(text, `${PATH}.cidrs[${i}]`, faults));
  return { hops: hops ?? Number.POSITIVE_INFINITY, ranges, header, host };
}

function checkRange(text: string, path: string, faults: Fault[]): IpRange[] {
  if (isUnset(text)) return [];
  const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
  if (named) return named.map(readRange).filter((range) => range !== undefined);
  const range = readRange(text);
  if (!range) {
    const fix = 'write "10.0.0.0/8", "2001:db8::/32", "192.0.2.1", or loopback, linklocal, private';
    faults.push({ path, message: `"${text}" is not a range of addresses`, fix });
    return [];
  }
  const { network, bits } = range;
  const first = networkOf(network, bits);
  if (first !== network.toString()) {
    // Whoever wrote it may have meant one address, or a longer prefix.
    const fix = `write "${first}/${bits}" for the range, or "${network}" for the address`;
    faults.push({ path, message: `"${text}" is an address within a range`, fix });
  }
  return [range];
}
