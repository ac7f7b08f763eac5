/** What an offer's requirements say beyond their amount, and what of it only the facilitator can say. */
import type { Payment } from "./call.ts";
import { isSolana } from "./networks.ts";
import type { Offer } from "./route.ts";
import type { PaymentRequirements } from "./x402.ts";

/** The `extra` of an offer's requirements, as far as the gateway knows it. */
export function extraOf({ asset, transfer }: Offer): Record<string, unknown> {
  return {
    ...(asset.name === "" ? {} : { name: asset.name, version: asset.version }),
    ...(transfer === "permit2" ? { assetTransferMethod: "permit2" } : {}),
  };
}

/** How requirements are paid. */
export function transferOf({ network, extra }: PaymentRequirements): Offer["transfer"] {
  if (isSolana(network)) return "transaction";
  return extra?.assetTransferMethod === "permit2" ? "permit2" : "eip3009";
}

/** The field of `extra` that names an account of the facilitator's, where the scheme has one. */
export function facilitatorField({ scheme, network }: PaymentRequirements): string | undefined {
  if (isSolana(network)) return "feePayer";
  return scheme === "upto" ? "facilitatorAddress" : undefined;
}

/** The same requirements with that account in them. */
export function withFacilitator(requirements: PaymentRequirements, account: string): PaymentRequirements {
  const field = facilitatorField(requirements);
  return field ? { ...requirements, extra: { ...requirements.extra, [field]: account } } : requirements;
}

/**
 * True when settling says everything that verifying would: the token itself tells why it refuses a proven authorization.
 * A permit needs more than a signature (that its payer once let Permit2 take the token), and of a failed settlement
 * nobody can tell whether it was that or a payment that somebody else has submitted.
 */
export function settlesUnseen({ proven, requirements }: Payment): boolean {
  return proven && transferOf(requirements) === "eip3009";
}
