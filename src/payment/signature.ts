/** Who signed (EIP-712), told without asking a chain: an EIP-3009 authorization, or a Permit2 one with x402's witness. */
import { Point, recoverPublicKey } from "@noble/secp256k1";
import { fromHex, hex } from "../core/hash.ts";
import { keccak } from "../core/keccak.ts";
import { chainIdOf } from "../core/networks.ts";
import type { Eip3009Payload, Permit2Payload, UptoPayload } from "../core/payloads.ts";
import { PERMIT2 } from "../core/permit2.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import { hashTypedData, type TypedData } from "./typed-data.ts";

const address = (name: string) => ({ name, type: "address" });
const uint256 = (name: string) => ({ name, type: "uint256" });

const TRANSFER = {
  TransferWithAuthorization: [
    address("from"),
    address("to"),
    uint256("value"),
    uint256("validAfter"),
    uint256("validBefore"),
    { name: "nonce", type: "bytes32" },
  ],
};
const PERMIT = {
  PermitWitnessTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    address("spender"),
    uint256("nonce"),
    uint256("deadline"),
    { name: "witness", type: "Witness" },
  ],
  TokenPermissions: [address("token"), uint256("amount")],
};

/** 0x and 65 bytes: what a key signs. Wallets with code wrap theirs (ERC-1271, ERC-6492) and it is longer. */
const ECDSA_LENGTH = 2 + 65 * 2;

/** `proven`: signed by `from`'s key. `unproven`: only the chain can tell. `forged`: signed by another key or for another token. */
export type Signer = "proven" | "unproven" | "forged";

/** Recovers the signer of a payload under the token's domain as our own requirement names it. */
export function identifySigner(
  { signature, authorization }: Eip3009Payload,
  { network, asset, extra }: PaymentRequirements,
): Signer {
  const domain = {
    name: String(extra?.name),
    version: String(extra?.version),
    chainId: chainIdOf(network),
    verifyingContract: asset,
  };
  const signed = {
    domain,
    types: TRANSFER,
    primaryType: "TransferWithAuthorization",
    message: authorization,
  };
  return identify(signature, authorization.from, signed);
}

/** Recovers the signer of a permit under Permit2's domain. */
export function identifyPermitSigner(
  { signature, permit2Authorization: permit }: Permit2Payload | UptoPayload,
  { network }: PaymentRequirements,
): Signer {
  const facilitator = "facilitator" in permit.witness ? [address("facilitator")] : [];
  const types = { ...PERMIT, Witness: [address("to"), ...facilitator, uint256("validAfter")] };
  const domain = {
    name: "Permit2",
    chainId: chainIdOf(network),
    verifyingContract: PERMIT2,
  };
  const signed = { domain, types, primaryType: "PermitWitnessTransferFrom", message: permit };
  return identify(signature, permit.from, signed);
}

function identify(signature: string, from: string, signed: TypedData): Signer {
  if (signature.length !== ECDSA_LENGTH) return "unproven";
  try {
    return recover(fromHex(signature.slice(2)), hashTypedData(signed)) === from.toLowerCase()
      ? "proven"
      : "forged";
  } catch {
    return "forged";
  }
}

/** The address whose key has signed. @throws when there is none */
function recover(signature: Uint8Array, hash: Uint8Array): string {
  const last = signature[64] ?? 0;
  // Wallets count the curve's two candidates from 27, libraries from 0.
  const recovery = last >= 27 ? last - 27 : last;
  const key = recoverPublicKey(Uint8Array.of(recovery, ...signature.subarray(0, 64)), hash, {
    prehash: false,
  });
  const point = Point.fromBytes(key).toBytes(false);
  return `0x${hex(keccak(point.subarray(1)).subarray(12))}`;
}
