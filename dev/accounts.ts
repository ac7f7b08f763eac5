/**
 * The accounts of the development chain.
 *
 * These are PUBLIC TEST KEYS: anvil, hardhat and every tutorial print them. Anyone can spend what they hold on a real
 * network, and bots do within seconds. Never send them money; never use them outside a local chain.
 */
import type { Address, Hex } from "viem";
import { toHex } from "viem";
import { mnemonicToAccount, privateKeyToAddress } from "viem/accounts";

/** A test account: its private key and the address that belongs to it. */
export interface TestAccount {
  privateKey: Hex;
  address: Address;
}

const MNEMONIC = "test test test test test test test test test test test junk";

const root = mnemonicToAccount(MNEMONIC, { path: "m/44'/60'/0'/0" }).getHdKey();

/** The anvil account with that index; the chain gives ether to the first ten. */
export function testAccount(index: number): TestAccount {
  const { privateKey } = root.deriveChild(index);
  if (!privateKey) throw new Error("The development mnemonic gave no private key.");
  const key = toHex(privateKey);
  return { privateKey: key, address: privateKeyToAddress(key) };
}

/** Pays the gas of settlements. */
export const facilitator = testAccount(0);

/** Buys: signs payments, and sends no transaction but the one that lets Permit2 take its tokens. */
export const payer = testAccount(1);

/** Sells: the `payTo` address. */
export const seller = testAccount(2);

/** Sends the mint transactions; apart from the others, so that it never disturbs their nonces. */
export const minter = testAccount(9);
