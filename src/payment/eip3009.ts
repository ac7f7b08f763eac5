/** `exact` with EIP-3009: an authorization that the token itself accepts. */
import { Eip3009Payload } from "../core/payloads.ts";
import { checkTerms, checkTimeLeft, checkWindow } from "./check.ts";
import { identifySigner } from "./signature.ts";
import type { ReadSigned } from "./signed.ts";

/** Reads and checks it. */
export const readEip3009: ReadSigned = async (payload, requirements, { now, margin }) => {
  const parsed = Eip3009Payload.safeParse(payload);
  if (!parsed.success) return undefined;
  const scheme = parsed.data;
  const { authorization, signature } = scheme;
  const refusal = checkTerms(authorization, requirements) ?? checkWindow(authorization, requirements, now);
  if (refusal) return refusal;
  const signer = await identifySigner(scheme, requirements);
  if (signer === "forged") return "invalid_exact_evm_signature";
  return {
    scheme,
    payer: authorization.from,
    validBefore: Number(authorization.validBefore),
    proven: signer === "proven",
    expired: checkTimeLeft(authorization, margin, now),
    once: [
      requirements.asset.toLowerCase(),
      authorization.from.toLowerCase(),
      authorization.nonce.toLowerCase(),
    ],
    signature: signature.toLowerCase(),
  };
};
