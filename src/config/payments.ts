/** The money side of the configuration: networks, tokens, wallets, prices, facilitators. */

import { isWallet } from "../core/address.ts";
import { findAsset, NETWORK_NAMES, toCaip2 } from "../core/assets.ts";
import type { FacilitatorMap, Offer } from "../core/route.ts";
import { isUnset } from "./env.ts";
import { type Fault, suggest } from "./faults.ts";
import type { RawConfig } from "./schema.ts";
import { asPrefix, checkNodeUrl, checkUrl } from "./urls.ts";

type Network = `eip155:${number}`;

/** What can be paid with: every accepted token, with the wallet of its network. */
export async function checkOffers(
  { accepts = [], wallets = {} }: RawConfig,
  faults: Fault[],
): Promise<Offer[]> {
  const payTo = checkWallets(wallets, faults);
  const offers: Offer[] = [];
  for (const [i, { asset: symbol, network: name }] of accepts.entries()) {
    const path = `accepts[${i}]`;
    const network = checkNetwork(name, `${path}.network`, faults);
    if (!network) continue;
    const wallet = payTo.get(network);
    if (isUnset(symbol)) continue;
    if (wallet === undefined) {
      faults.push({ path: "wallets", message: `no address for ${name}`, fix: `add "${name}": "0x…"` });
    }
    const asset = await findAsset(symbol, network);
    if (asset === "unknown") {
      faults.push({
        path: `${path}.asset`,
        message: `${symbol} is not known on ${name}`,
        fix: "USDC is on most networks",
      });
    } else if (asset === "not-eip3009") {
      faults.push({
        path: `${path}.asset`,
        message: `${symbol} on ${name} cannot be paid with EIP-3009`,
        fix: "accept another token",
      });
    } else if (wallet) {
      offers.push({ network, symbol, asset, payTo: wallet });
    }
  }
  return offers;
}

function checkWallets(wallets: Record<string, string>, faults: Fault[]): Map<Network, string> {
  const payTo = new Map<Network, string>();
  for (const [name, address] of Object.entries(wallets)) {
    const network = checkNetwork(name, `wallets.${name}`, faults);
    if (!isUnset(address) && !isWallet(address)) {
      const fix = "write 0x and 40 hexadecimal digits; mixed case must be a valid checksum";
      faults.push({ path: `wallets.${name}`, message: "is not an address that can receive money", fix });
    }
    if (network && payTo.has(network)) {
      faults.push({
        path: `wallets.${name}`,
        message: `is a second address for ${network}`,
        fix: "keep one of them",
      });
    }
    if (network) payTo.set(network, address);
  }
  return payTo;
}

function checkNetwork(name: string, path: string, faults: Fault[]): Network | undefined {
  const network = toCaip2(name);
  if (!network && !isUnset(name))
    faults.push({ path, message: `unknown network "${name}"`, fix: suggest(name, NETWORK_NAMES) });
  return network;
}

/** Nodes by network. */
export function checkRpc({ rpc = {} }: RawConfig, faults: Fault[]): Record<string, string> {
  const seen = new Set<string>();
  const nodes = Object.entries(rpc).flatMap(([name, text]) => {
    const network = checkNetwork(name, `rpc.${name}`, faults);
    const url = checkNodeUrl(text, `rpc.${name}`, faults);
    if (network && seen.has(network))
      faults.push({ path: `rpc.${name}`, message: `is a second node for ${network}` });
    if (network) seen.add(network);
    return network && url ? [[network, url]] : [];
  });
  return Object.fromEntries(nodes);
}

/** Who settles, by network. */
export function checkFacilitator(raw: RawConfig, timeoutMs: number, faults: Fault[]): FacilitatorMap {
  const { facilitator } = raw;
  const map: FacilitatorMap = { default: "", chains: {}, timeoutMs };
  if (facilitator === undefined) return map;
  const { default: fallback, chains = {} } =
    typeof facilitator === "string" ? { default: facilitator } : facilitator;
  const path = typeof facilitator === "string" ? "facilitator" : "facilitator.default";
  const url = fallback === undefined ? undefined : checkUrl(fallback, path, true, faults);
  if (url) map.default = asPrefix(url);
  for (const [name, text] of Object.entries(chains)) {
    const network = checkNetwork(name, `facilitator.chains.${name}`, faults);
    const chainUrl = checkUrl(text, `facilitator.chains.${name}`, true, faults);
    if (network && chainUrl) map.chains[network] = asPrefix(chainUrl);
  }
  return map;
}
