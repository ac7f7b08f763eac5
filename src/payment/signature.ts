/** Who signed an EIP-3009 authorization (EIP-712, `TransferWithAuthorization`), told without asking a chain. */
import { recoverTypedDataAddress } from "viem/utils";
import { chainIdOf } from "../core/assets.ts";
import type { Eip3009Payload } from "../core/payloads.ts";
import type { PaymentRequirements } from "../core/x402.ts";

const TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** 0x and 65 bytes: what a key signs. Wallets with code wrap theirs (ERC-1271, ERC-6492) and it is longer. */
const ECDSA_LENGTH = 2 + 65 * 2;

/** `proven`: signed by `from`'s key. `unproven`: only the chain can tell. `forged`: signed by another key or for another token. */
export type Signer = "proven" | "unproven" | "forged";

/** Recovers the signer of a payload under the token's domain as our own requirement names it. */
export async function identifySigner(
  { signature, authorization }: Eip3009Payload,
  { network, asset, extra }: PaymentRequirements,
): Promise<Signer> {
  if (signature.length !== ECDSA_LENGTH) return "unproven";
  const signer = await recoverTypedDataAddress({
    domain: {
      name: String(extra?.name),
      version: String(extra?.version),
      chainId: chainIdOf(network),
      verifyingContract: asset as `0x${string}`,
    },
    types: TYPES,
    primaryType: "TransferWithAuthorization",
    message: {
      from: authorization.from as `0x${string}`,
      to: authorization.to as `0x${string}`,
      value: BigInt(authorization.value),
      validAfter: BigInt(authorization.validAfter),
      validBefore: BigInt(authorization.validBefore),
      nonce: authorization.nonce as `0x${string}`,
    },
    signature: signature as `0x${string}`,
  }).catch(() => undefined);
  return signer?.toLowerCase() === authorization.from.toLowerCase() ? "proven" : "forged";
}
