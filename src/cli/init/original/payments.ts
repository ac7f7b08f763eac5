/** Who is paid, in what, and who settles. */
import { isWallet } from "../../../core/address.ts";
import { toCaip2 } from "../../../core/networks.ts";
import { type Fields, fieldsOf, isReference, listOf, textOf, variableName } from "./fields.ts";
import type { Ledger } from "./ledger.ts";

/** The original's own, where a file names none. */
const FACILITATOR = "https://x402.org/facilitator";

/** Addresses by network; what cannot be one becomes a variable. */
export function carryWallets(file: Fields, ledger: Ledger): Record<string, string> {
  const wallets: Record<string, string> = {};
  for (const [network, address] of Object.entries(fieldsOf(file.wallets))) {
    const path = `wallets.${network}`;
    const caip2 = toCaip2(network);
    const text = String(address);
    if (!caip2) {
      ledger.note(path, "money", "the network is not known here", "write its CAIP-2 name, eip155:…");
      continue;
    }
    ledger.carried(path);
    wallets[network] = text;
    if (isReference(text) || isWallet(text, caip2)) continue;
    const variable = `PAY_TO_${variableName(network)}`;
    ledger.note(path, "money", "is no address that could be paid", `set ${variable} to one`);
    wallets[network] = `\${${variable}}`;
  }
  for (const accept of listOf(file.accepts)) {
    const network = textOf(fieldsOf(accept).network);
    const [first, address] = Object.entries(wallets)[0] ?? [];
    if (network === undefined || !toCaip2(network) || wallets[network] !== undefined) continue;
    const shared = address !== undefined && (isReference(address) || isWallet(address, toCaip2(network)));
    const variable = `PAY_TO_${variableName(network)}`;
    const what = `payments on ${network} went to the first wallet (${first ?? "there is none"}), as it has none of its own`;
    ledger.note(
      "",
      "money",
      what,
      shared ? "see that this is what you want" : `set ${variable} to an address`,
    );
    wallets[network] = shared ? address : `\${${variable}}`;
  }
  return wallets;
}

/** What can be paid with. */
export function carryAccepts(accepts: unknown, path: string, ledger: Ledger): Fields[] {
  return listOf(accepts).flatMap((accept, i) => {
    const { asset, network } = fieldsOf(accept);
    for (const name of ["asset", "network"]) ledger.carried(`${path}[${i}].${name}`);
    if (toCaip2(String(network))) return [{ asset, network }];
    ledger.note(
      `${path}[${i}].network`,
      "money",
      "the network is not known here, so nobody can pay there",
      "write its CAIP-2 name, eip155:…",
    );
    return [];
  });
}

/** Who settles, by network; undefined where nothing is said. */
export function carryFacilitator(
  written: unknown,
  path: string,
  ledger: Ledger,
): string | Fields | undefined {
  if (written === undefined) return undefined;
  if (typeof written === "string") {
    ledger.carried(path);
    return written;
  }
  const { default: otherwise, chains } = fieldsOf(written);
  const byNetwork: Record<string, unknown> = {};
  for (const [key, url] of Object.entries(fieldsOf(chains))) {
    const at = `${path}.chains.${key}`;
    const [network = "", asset] = key.split("/");
    const name = network.toLowerCase();
    if (asset === undefined || !toCaip2(name)) {
      ledger.note(at, "lost", "no network and asset (base/usdc): the original never used it");
    } else if (byNetwork[name] !== undefined) {
      ledger.note(at, "money", "facilitators are by network here, not by token: the first one is taken");
    } else {
      ledger.carried(at);
      byNetwork[name] = url;
    }
  }
  if (otherwise !== undefined) ledger.carried(`${path}.default`);
  return { default: otherwise ?? FACILITATOR, chains: byNetwork };
}

/** The gateway's facilitator; other ways to settle are said to be gone. */
export function carrySettlement(file: Fields, ledger: Ledger): string | Fields {
  const { strategy, url } = fieldsOf(file.settlement);
  const own = carryFacilitator(file.facilitator, "facilitator", ledger);
  if (file.settlement === undefined || strategy === "facilitator") {
    if (strategy !== undefined) ledger.carried("settlement.strategy");
    if (typeof url !== "string") return own ?? FACILITATOR;
    ledger.carried("settlement.url");
    if (own !== undefined) {
      ledger.note("facilitator", "changed", "settlement.url went before it, and is the facilitator here");
    }
    return url;
  }
  const what = `payments were settled by "${String(strategy)}"; here a facilitator settles them, as x402 has it`;
  const todo =
    strategy === "mpp" || strategy === "custom"
      ? "keep the original for these payers, or have them pay with x402"
      : "name a facilitator for your networks, and tell payers of Circle's gateway to pay with x402";
  ledger.note("settlement", "money", what, todo);
  return own ?? FACILITATOR;
}
