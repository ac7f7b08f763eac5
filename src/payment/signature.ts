/** Who signed (EIP-712), told without asking a chain: an EIP-3009 authorization, or a Permit2 one with x402's witness. */
import { recoverTypedDataAddress } from "viem/utils";
import { chainIdOf } from "../core/networks.ts";
import type { Eip3009Payload, Permit2Payload, UptoPayload } from "../core/payloads.ts";
import { PERMIT2 } from "../core/permit2.ts";
import type { PaymentRequirements } from "../core/x402.ts";

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

type TypedData = Omit<Parameters<typeof recoverTypedDataAddress>[0], "signature">;

/** Recovers the signer of a payload under the token's domain as our own requirement names it. */
export function identifySigner(
  { signature, authorization }: Eip3009Payload,
  { network, asset, extra }: PaymentRequirements,
): Promise<Signer> {
  const domain = {
    name: String(extra?.name),
    version: String(extra?.version),
    chainId: chainIdOf(network),
    verifyingContract: asset as `0x${string}`,
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
): Promise<Signer> {
  const facilitator = "facilitator" in permit.witness ? [address("facilitator")] : [];
  const types = { ...PERMIT, Witness: [address("to"), ...facilitator, uint256("validAfter")] };
  const domain = {
    name: "Permit2",
    chainId: chainIdOf(network),
    verifyingContract: PERMIT2 as `0x${string}`,
  };
  const signed = { domain, types, primaryType: "PermitWitnessTransferFrom", message: permit };
  return identify(signature, permit.from, signed);
}

async function identify(signature: string, from: string, signed: TypedData): Promise<Signer> {
  if (signature.length !== ECDSA_LENGTH) return "unproven";
  const signer = await recoverTypedDataAddress({ ...signed, signature: signature as `0x${string}` }).catch(
    () => undefined,
  );
  return signer?.toLowerCase() === from.toLowerCase() ? "proven" : "forged";
}
