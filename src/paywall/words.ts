/** Networks, amounts and what is bought, in words. */
import { toV1Name } from "../core/networks.ts";
import type { Offered } from "../core/paywall.ts";

/** Short name of a network → block explorer, public node, coin. Others can be paid on where the wallet knows them. */
const KNOWN: Record<string, [explorer: string, rpc: string, coin: string]> = {
  base: ["https://basescan.org", "https://mainnet.base.org", "ETH"],
  "base-sepolia": ["https://sepolia.basescan.org", "https://sepolia.base.org", "ETH"],
  ethereum: ["https://etherscan.io", "", "ETH"],
  polygon: ["https://polygonscan.com", "https://polygon-rpc.com", "POL"],
  avalanche: ["https://snowtrace.io", "https://api.avax.network/ext/bc/C/rpc", "AVAX"],
};

/** What is known of a network; its CAIP-2 identifier stands for a name that it has not. */
export function networkOf(network: string) {
  const name = toV1Name(network);
  const [explorer = "", rpc = "", coin = "ETH"] = KNOWN[name ?? ""] ?? [];
  const words = name?.replace(/(?:^|-)\w/g, (start) => start.replace("-", " ").toUpperCase());
  return {
    network: words ?? network,
    testnet: /sepolia|testnet|fuji|amoy|devnet/.test(name ?? ""),
    explorer,
    rpc,
    coin,
  };
}

/** `10000` in a token of 6 decimals as `0.01`. */
export function amountOf(units: string, decimals: number): string {
  const digits = units.padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  return decimals === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`.replace(/\.?0*$/, "");
}

const UNITS = { day: 86_400, hour: 3600, minute: 60, second: 1 };

/** What one payment buys. */
export function boughtWith({ session, credits, usage }: Offered["route"]): string {
  if (usage) return "at most, by what the call uses";
  if (credits) return `for ${counted(credits.calls, "call")}`;
  if (!session) return "for one call";
  const seconds = session.durationMs / 1000;
  const [unit, length] = Object.entries(UNITS).find(([, length]) => seconds % length === 0) ?? ["second", 1];
  return `for ${counted(seconds / length, unit)}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
