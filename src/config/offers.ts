/** What can be paid with, and who receives it. */
import { isWallet } from "../core/address.ts";
import { findAsset, type Transfer } from "../core/assets.ts";
import { isSolana, NETWORK_NAMES, type Network, toCaip2 } from "../core/networks.ts";
import type { Offer } from "../core/route.ts";
import { isUnset } from "./env.ts";
import { type Fault, suggest } from "./faults.ts";
import type { RawConfig } from "./schema.ts";

type Accepted = NonNullable<RawConfig["accepts"]>[number];

/** What can be paid with: every accepted token, with the wallet of its network. */
export async function checkOffers(
  { accepts = [], wallets = {} }: RawConfig,
  faults: Fault[],
): Promise<Offer[]> {
  const payTo = checkWallets(wallets, faults);
  const offers: Offer[] = [];
  for (const [i, accepted] of accepts.entries()) {
    const { asset: symbol, network: name, scheme = "exact" } = accepted;
    const path = `accepts[${i}]`;
    const network = checkNetwork(name, `${path}.network`, faults);
    if (!network) continue;
    const wallet = payTo.get(network);
    if (isUnset(symbol)) continue;
    if (wallet === undefined) {
      const fix = `add "${name}": "${isSolana(network) ? "" : "0x"}…"`;
      faults.push({ path: "wallets", message: `no address for ${name}`, fix });
    }
    const found = await findAsset(symbol, network);
    if (!found) {
      const fix = isSolana(network) ? "USDC is known there" : "USDC is on most networks";
      faults.push({ path: `${path}.asset`, message: `${symbol} is not known on ${name}`, fix });
      continue;
    }
    const transfer = checkTransfer(accepted, found.transfer, path, faults);
    if (wallet && transfer)
      offers.push({ scheme, network, symbol, asset: found.asset, transfer, payTo: wallet });
  }
  return offers;
}

/** How the token is paid: as was said, or as it is known to be. */
function checkTransfer(
  { asset, network, scheme, transfer }: Accepted,
  known: Transfer,
  path: string,
  faults: Fault[],
): Transfer | undefined {
  const fault = (field: string, message: string, fix: string) => {
    faults.push({ path: `${path}.${field}`, message, fix });
    return undefined;
  };
  if (known === "transaction") {
    if (scheme === "upto")
      return fault("scheme", `upto is not known on ${network}`, 'leave it out, or write "exact"');
    if (transfer) return fault("transfer", `${network} knows neither EIP-3009 nor Permit2`, "leave it out");
    return known;
  }
  if (scheme === "upto") {
    if (transfer !== "eip3009") return "permit2";
    return fault("transfer", "upto takes Permit2", 'leave it out, or write "permit2"');
  }
  if (transfer === "eip3009" && known === "permit2") {
    return fault(
      "transfer",
      `${asset} on ${network} cannot be paid with EIP-3009`,
      'leave it out, or write "permit2"',
    );
  }
  return transfer ?? known;
}

function checkWallets(wallets: Record<string, string>, faults: Fault[]): Map<Network, string> {
  const payTo = new Map<Network, string>();
  for (const [name, address] of Object.entries(wallets)) {
    const network = checkNetwork(name, `wallets.${name}`, faults);
    checkReceiver(address, network, `wallets.${name}`, faults);
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

/** An address that can receive money, on that network where it is known. */
export function checkReceiver(
  address: string,
  network: string | undefined,
  path: string,
  faults: Fault[],
): void {
  if (isUnset(address) || isWallet(address, network)) return;
  const fix =
    network && isSolana(network)
      ? "write the account in base58: 32 bytes"
      : "write 0x and 40 hexadecimal digits; mixed case must be a valid checksum";
  faults.push({ path, message: "is not an address that can receive money", fix });
}

/** The network of that name; undefined with a fault. */
export function checkNetwork(name: string, path: string, faults: Fault[]): Network | undefined {
  const network = toCaip2(name);
  if (!network && !isUnset(name))
    faults.push({ path, message: `unknown network "${name}"`, fix: suggest(name, NETWORK_NAMES) });
  return network;
}
