/** The money side of the configuration: nodes and facilitators; what is accepted is in `offers.ts`. */

import type { FacilitatorMap } from "../core/compiled.ts";
import { isSolana } from "../core/networks.ts";
import type { Fault } from "./faults.ts";
import { checkNetwork } from "./offers.ts";
import type { RawConfig } from "./schema.ts";
import { asPrefix, checkNodeUrl, checkUrl } from "./urls.ts";

/** Nodes by network. */
export function checkRpc({ rpc = {} }: RawConfig, faults: Fault[]): Record<string, string> {
  const seen = new Set<string>();
  const nodes = Object.entries(rpc).flatMap(([name, text]) => {
    const network = checkNetwork(name, `rpc.${name}`, faults);
    const url = checkNodeUrl(text, `rpc.${name}`, faults);
    if (network && isSolana(network))
      faults.push({
        path: `rpc.${name}`,
        message: "is not asked: Solana's payments are the facilitator's to know",
        fix: "leave it out",
      });
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
