/**
 * Which of our requirements a payment is for. Version 2 names the one it has accepted; version 1 only the network, so that
 * it is the one whose terms were signed. An account of the facilitator's in it may be another than the one this isolate
 * knows: then the facilitator is asked.
 */
import { toCaip2 } from "../core/networks.ts";
import type { Kinds } from "../core/ports.ts";
import type { Quoted } from "../core/quote.ts";
import { facilitatorField, transferOf, withFacilitator } from "../core/terms.ts";
import { isV1 } from "../core/v1.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import { matchRequirements } from "./check.ts";
import { readEip3009 } from "./eip3009.ts";
import { readPermit2 } from "./permit2.ts";
import type { Presented } from "./read.ts";
import type { ReadSigned, Signed, Times } from "./signed.ts";
import { feePayerOf, readSolana } from "./solana.ts";

const READ: Record<ReturnType<typeof transferOf>, ReadSigned> = {
  eip3009: readEip3009,
  permit2: readPermit2,
  transaction: readSolana,
};

/** What was signed, and our own requirements that it meets; else why not, and undefined when it has no scheme's shape. */
export async function match(
  presented: Presented,
  accepts: PaymentRequirements[],
  times: Times,
  names: Kinds["names"],
  honour: Quoted["honour"],
): Promise<{ requirements: PaymentRequirements; signed: Signed } | string | undefined> {
  const earlier = presented.version === 2 ? await honour?.(presented.accepted) : undefined;
  const late = earlier?.late ? { expired: "quote_expired" } : {};
  const candidates = earlier ? [earlier.requirements] : await candidatesFor(presented, accepts, names);
  let reason: string | undefined = candidates.length === 0 ? "no_matching_requirements" : undefined;
  for (const requirements of candidates) {
    const signed = await READ[transferOf(requirements)](presented.payload, requirements, times);
    if (typeof signed === "object") return { requirements, signed: { ...signed, ...late } };
    reason ??= signed;
  }
  return reason;
}

async function candidatesFor(
  presented: Presented,
  accepts: PaymentRequirements[],
  names: Kinds["names"],
): Promise<PaymentRequirements[]> {
  if (presented.version === 1) {
    const network = toCaip2(presented.network);
    if (presented.scheme !== "exact" || presented.network.includes(":")) return [];
    const theirs = accepts.filter((ours) => isV1(ours) && ours.network === network);
    const account = feePayerOf(presented.payload);
    return account === undefined ? theirs : named(theirs, account, names);
  }
  const { accepted } = presented;
  const ours = matchRequirements(accepts, accepted);
  if (ours) return [ours];
  const field = facilitatorField(accepted);
  const account = field && accepted.extra?.[field];
  if (typeof account !== "string") return [];
  const same = accepts.filter((one) => matchRequirements([withFacilitator(one, account)], accepted));
  return named(same, account, names);
}

/** The requirements with that account of the facilitator's, if it says that it is one. */
async function named(
  accepts: PaymentRequirements[],
  account: string,
  names: Kinds["names"],
): Promise<PaymentRequirements[]> {
  const theirs = accepts
    .filter((one) => facilitatorField(one) !== undefined)
    .map((one) => withFacilitator(one, account));
  const known = await Promise.all(
    theirs.map((one) => matchRequirements(accepts, one) !== undefined || names(one)),
  );
  return theirs.filter((_, i) => known[i]);
}
