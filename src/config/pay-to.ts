/**
 * Who receives a payment, where that is not the network's wallet. An authorization moves money to one address: a list of
 * shares, which the original takes and pays to the first address only, cannot be honoured, so it is refused.
 */
import { isWallet } from "../core/address.ts";
import { toCaip2 } from "../core/networks.ts";
import type { Offer } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkReceiver } from "./offers.ts";
import type { RawPayTo } from "./price-schema.ts";

/** Addresses by CAIP-2 network; none for the networks that it does not name. */
export function checkPayTo(
  payTo: RawPayTo | undefined,
  path: string,
  offers: Offer[],
  faults: Fault[],
): Record<string, string> {
  if (payTo === undefined) return {};
  if (Array.isArray(payTo)) {
    const message = "cannot be split: a signed payment goes to one address";
    faults.push({ path, message, fix: "give the address of a contract that splits what it receives" });
    return {};
  }
  if (typeof payTo === "string") {
    const fitting = offers.filter(({ network }) => isWallet(payTo, network));
    const left = offers.find((offer) => !fitting.includes(offer));
    if (!isWallet(payTo, undefined)) checkReceiver(payTo, undefined, path, faults);
    else if (left) {
      const message = `is no address on ${left.network}, which is accepted`;
      const fix = 'write { base: "0x…", solana: "…" }; networks that it leaves out are paid to wallets';
      faults.push({ path, message, fix });
    }
    return Object.fromEntries(fitting.map(({ network }) => [network, payTo]));
  }
  const receivers: Record<string, string> = {};
  for (const [name, address] of Object.entries(payTo)) {
    const network = toCaip2(name);
    if (!network || !offers.some((offer) => offer.network === network)) {
      faults.push({ path: `${path}.${name}`, message: "is not a network of accepts" });
      continue;
    }
    if (receivers[network] !== undefined) {
      const message = "names a network a second time";
      faults.push({ path: `${path}.${name}`, message, fix: "keep one of them" });
    }
    checkReceiver(address, network, `${path}.${name}`, faults);
    receivers[network] = address;
  }
  return receivers;
}
