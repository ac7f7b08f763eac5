/** What is hashed and recovered here is what wallets sign: compared with the library that wallets and clients use. */
import * as fc from "fast-check";
import { bytesToHex, getAddress, isAddress, recoverTypedDataAddress, hashTypedData as reference } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { payer } from "../../dev/accounts.ts";
import { isWallet } from "../../src/core/address.ts";
import type { Eip3009Payload } from "../../src/core/payloads.ts";
import { identifySigner } from "../../src/payment/signature.ts";
import { hashTypedData } from "../../src/payment/typed-data.ts";
import { REQUIREMENTS } from "./call.ts";

type Hex = `0x${string}`;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => bytesToHex(value));
const uint = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String);
const field = (name: string, type: string) => ({ name, type });

const TYPES = {
  Outer: [field("inner", "Inner"), field("to", "address"), field("amount", "uint256"), field("last", "Also")],
  Inner: [field("note", "string"), field("nonce", "bytes32"), field("also", "Also")],
  Also: [field("at", "uint256")],
};

describe("typed data", () => {
  it("is hashed as the standard's other implementations hash it: structures in structures, texts, every number", async () => {
    const also = fc.record({ at: uint });
    const message = fc.record({
      inner: fc.record({ note: fc.string({ unit: "grapheme" }), nonce: bytes(32), also }),
      to: bytes(20),
      amount: uint,
      last: also,
    });
    const domain = fc.record(
      {
        name: fc.string(),
        version: fc.string({ minLength: 1 }),
        chainId: fc.integer({ min: 1, max: 2 ** 31 }),
        verifyingContract: bytes(20),
      },
      { requiredKeys: ["name", "chainId", "verifyingContract"] },
    );
    await fc.assert(
      fc.property(message, domain, (value, of) => {
        const typed = { domain: of as never, types: TYPES, primaryType: "Outer" as const, message: value };
        expect(bytesToHex(hashTypedData(typed))).toBe(reference(typed as never));
      }),
      { numRuns: 300 },
    );
  });

  it("that does not fit its type is not hashed to anything", () => {
    const typed = (at: string) => ({
      domain: { name: "n", chainId: 1, verifyingContract: payer.address },
      types: TYPES,
      primaryType: "Also",
      message: { at },
    });
    for (const at of ["-1", `${2n ** 256n}`, "1.5", "x"])
      expect(() => hashTypedData(typed(at)), at).toThrow();
  });
});

describe("the signer", () => {
  const account = privateKeyToAccount(payer.privateKey);
  const domain = { name: "USDC", version: "2", chainId: 84532, verifyingContract: REQUIREMENTS.asset as Hex };
  const types = {
    TransferWithAuthorization: [
      field("from", "address"),
      field("to", "address"),
      field("value", "uint256"),
      field("validAfter", "uint256"),
      field("validBefore", "uint256"),
      field("nonce", "bytes32"),
    ],
  };
  const primaryType = "TransferWithAuthorization";

  it("is told as clients' own library tells it, of honest signatures and of broken ones", async () => {
    const authorization = fc.record({
      to: bytes(20),
      value: uint,
      validAfter: uint,
      validBefore: uint,
      nonce: bytes(32),
    });
    const breaking = fc.record({ at: fc.nat(64), by: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(
        authorization,
        fc.option(breaking, { nil: undefined }),
        fc.boolean(),
        async (given, broken, high) => {
          const message = { from: account.address, ...given };
          const signature = await account.signTypedData({
            domain,
            types,
            primaryType,
            message: message as never,
          });
          const raw = Buffer.from(signature.slice(2), "hex");
          if (high) {
            const s = ORDER - BigInt(`0x${raw.subarray(32, 64).toString("hex")}`);
            raw.write(s.toString(16).padStart(64, "0"), 32, "hex");
            raw[64] = 55 - (raw[64] ?? 0);
          }
          if (broken) raw[broken.at] = (raw[broken.at] ?? 0) ^ broken.by;
          const sent = `0x${raw.toString("hex")}` as Hex;
          const theirs = await recoverTypedDataAddress({
            domain,
            types,
            primaryType,
            message: message as never,
            signature: sent,
          }).catch(() => undefined);
          const payload: Eip3009Payload = { signature: sent, authorization: message };
          expect(identifySigner(payload, REQUIREMENTS)).toBe(
            theirs === account.address ? "proven" : "forged",
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("an address that can receive money", () => {
  it("has its checksum, as clients' own library says, or none", async () => {
    await fc.assert(
      fc.property(bytes(20), fc.nat(39), (address, flipped) => {
        const sum = getAddress(address);
        const digits = [...sum.slice(2)];
        const digit = digits[flipped] ?? "";
        digits[flipped] = digit === digit.toUpperCase() ? digit.toLowerCase() : digit.toUpperCase();
        for (const text of [
          sum,
          address.toLowerCase(),
          `0x${digits.join("")}`,
          `0x${address.slice(2).toUpperCase()}`,
        ]) {
          const isUpper = text.slice(2) === text.slice(2).toUpperCase();
          expect(isWallet(text), text).toBe(isUpper || isAddress(text));
        }
      }),
    );
    expect(isWallet(`0x${"0".repeat(40)}`)).toBe(false);
  });
});
