/** Signs `exact` payments with viem alone, for tests that want to choose every field the official client chooses. */
import { randomBytes } from "node:crypto";
import type { Address, Hex } from "viem";
import { toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { payer, seller } from "./accounts.ts";
import { CHAIN_ID, NETWORK, TOKEN, TRANSFER_TYPES } from "./token.ts";

/** What one accepted way to pay demands. */
export interface Requirements {
  scheme: "exact";
  network: typeof NETWORK;
  asset: Address;
  amount: string;
  payTo: Address;
  maxTimeoutSeconds: number;
  extra: { name: string; version: string };
}

/** An EIP-3009 authorization as it travels: numbers as text. */
export interface Authorization {
  from: Address;
  to: Address;
  value: string;
  validAfter: string;
  validBefore: string;
  nonce: Hex;
}

/** A payment as it travels in `PAYMENT-SIGNATURE`, decoded. */
export interface Payment {
  x402Version: 2;
  accepted: Requirements;
  payload: { signature: Hex; authorization: Authorization };
}

/** Requirements in the development token. */
export function demand(amount: bigint, payTo: Address = seller.address): Requirements {
  const { address: asset, name, version } = TOKEN;
  const extra = { name, version };
  return {
    scheme: "exact",
    network: NETWORK,
    asset,
    amount: String(amount),
    payTo,
    maxTimeoutSeconds: 300,
    extra,
  };
}

/** Signs a payment that meets the requirements, save where `fields` says otherwise. */
export async function signPayment(
  accepted: Requirements,
  privateKey: Hex = payer.privateKey,
  fields: Partial<Authorization> = {},
): Promise<Payment> {
  const account = privateKeyToAccount(privateKey);
  const authorization: Authorization = {
    from: account.address,
    to: accepted.payTo,
    value: accepted.amount,
    validAfter: "0",
    validBefore: String(Math.floor(Date.now() / 1000) + accepted.maxTimeoutSeconds),
    nonce: toHex(randomBytes(32)),
    ...fields,
  };
  const signature = await account.signTypedData({
    domain: { ...accepted.extra, chainId: CHAIN_ID, verifyingContract: accepted.asset },
    types: TRANSFER_TYPES,
    primaryType: "TransferWithAuthorization",
    message: {
      ...authorization,
      value: BigInt(authorization.value),
      validAfter: BigInt(authorization.validAfter),
      validBefore: BigInt(authorization.validBefore),
    },
  });
  return { x402Version: 2, accepted, payload: { signature, authorization } };
}
