/** Version 1 of x402, held against the package that its clients are made of. */

import { describe, expect, it } from "vitest";
import { PaymentRequirementsSchema, SupportedEVMNetworks, SupportedSVMNetworks } from "x402/types";
import { testAccount } from "../../dev/accounts.ts";
import { challenge } from "../../src/core/challenge.ts";
import { isKnownToV1, NETWORK_NAMES, toCaip2, toV1Name } from "../../src/core/networks.ts";
import { receiptHeaders } from "../../src/core/receipt.ts";
import { toV1 } from "../../src/core/v1.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { match } from "../../src/payment/match.ts";
import { readPayment } from "../../src/payment/read.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { toFound } from "../../src/stores/payment-replies.ts";
import { decode, encode, type Requirements, sign } from "../fixtures/sign.ts";
import { arrivalOf, PAYER, REQUIREMENTS, routeOf, TRANSACTION } from "./call.ts";

const SOLANA: PaymentRequirements = {
  ...REQUIREMENTS,
  network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
  asset: "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU",
  payTo: "So11111111111111111111111111111111111111112",
  extra: { feePayer: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v" },
};
const PERMIT2 = { ...REQUIREMENTS, extra: { ...REQUIREMENTS.extra, assetTransferMethod: "permit2" } };
const UPTO = { ...PERMIT2, scheme: "upto" };
const CELO = { ...REQUIREMENTS, network: "eip155:42220" };

const call = () => compileMatch([routeOf("GET /weather")])(arrivalOf("GET", "/weather?q=1"));
const bodyOf = (accepts: PaymentRequirements[], reason?: string) =>
  challenge(call(), accepts, "payment_rejected", reason).details.members ?? {};

describe("the body of a 402", () => {
  it("has every offer that version 1 can express, as its clients read it", () => {
    const { x402Version, error, accepts } = bodyOf([REQUIREMENTS, PERMIT2, UPTO, CELO, SOLANA], "why");
    expect({ x402Version, error }).toEqual({ x402Version: 1, error: "why" });
    const read = (accepts as unknown[]).map((one) => PaymentRequirementsSchema.parse(one));
    expect(read.map(({ network }) => network)).toEqual(["base-sepolia", "solana-devnet"]);
    expect(read[0]).toMatchObject({
      scheme: "exact",
      maxAmountRequired: "10000",
      resource: "https://gateway.example/weather?q=1",
      payTo: REQUIREMENTS.payTo,
      asset: REQUIREMENTS.asset,
      maxTimeoutSeconds: 60,
      extra: { name: "USDC", version: "2" },
    });
  });

  it("says nothing of version 1 when there is nothing for it", () => {
    expect(bodyOf([PERMIT2, UPTO, CELO])).toEqual({});
  });

  it("names no network that its clients do not know: one unknown name makes them refuse the whole list", () => {
    const theirs: string[] = [...SupportedEVMNetworks, ...SupportedSVMNetworks];
    expect(NETWORK_NAMES.filter(isKnownToV1).sort()).toEqual(theirs.sort());
  });
});

describe("networks", () => {
  it("have one identifier for each name, and come back by it", () => {
    for (const name of NETWORK_NAMES) expect(toV1Name(toCaip2(name) ?? "")).toBe(name);
  });
});

describe("a payment of version 1", () => {
  const none = async () => false;
  const times = { now: Math.floor(Date.now() / 1000), margin: 6 };
  const presentedFor = async (requirements: PaymentRequirements, change = {}) => {
    const { payload } = decode(await sign(requirements as Requirements));
    const header = encode({ x402Version: 1, scheme: "exact", network: "base-sepolia", payload, ...change });
    const presented = readPayment(arrivalOf("GET", "/", { "x-payment": header }).request);
    if (!presented) throw new Error("nothing presented");
    return presented;
  };

  it("is for the offer whose token was signed for, not for the first that asks for as much", async () => {
    const other = { ...REQUIREMENTS, asset: testAccount(7).address };
    const presented = await presentedFor(REQUIREMENTS);
    expect(await match(presented, [PERMIT2, other, REQUIREMENTS], times, none, undefined)).toMatchObject({
      requirements: REQUIREMENTS,
      signed: { payer: PAYER, proven: true },
    });
  });

  it.each([
    [{ network: "base" }],
    [{ network: "eip155:84532" }],
    [{ network: "nowhere" }],
    [{ scheme: "upto" }],
  ])("with %j is for none", async (change) => {
    const presented = await presentedFor(REQUIREMENTS, change);
    expect(await match(presented, [REQUIREMENTS], times, none, undefined)).toBe("no_matching_requirements");
  });

  it("for another amount says so", async () => {
    const presented = await presentedFor({ ...REQUIREMENTS, amount: "1" });
    expect(await match(presented, [REQUIREMENTS], times, none, undefined)).toBe(
      "invalid_exact_evm_payload_authorization_value_mismatch",
    );
  });

  it("beside one of version 2 is refused", async () => {
    const headers = {
      "x-payment": encode({}),
      "payment-signature": await sign(REQUIREMENTS as Requirements),
    };
    expect(() => readPayment(arrivalOf("GET", "/", headers).request)).toThrow("payment_malformed");
  });

  it.each([
    { x402Version: 2 },
    { x402Version: "1" },
    { scheme: 7 },
    { network: undefined },
    { network: "x".repeat(257) },
    { payload: "0x" },
    { padding: "x".repeat(8000) },
  ])("with %j cannot be read", async (change) => {
    await expect(presentedFor(REQUIREMENTS, change)).rejects.toMatchObject({ code: "payment_malformed" });
  });
});

describe("a receipt", () => {
  const receipt = { success: true, transaction: TRANSACTION, network: "eip155:84532", payer: PAYER };

  it("is in the words of the client's version too", () => {
    const old = receiptHeaders(arrivalOf("GET", "/", { "x-payment": "x" }).request, receipt);
    expect(decode(old["X-PAYMENT-RESPONSE"] ?? null)).toEqual({ ...receipt, network: "base-sepolia" });
    expect(decode(old["PAYMENT-RESPONSE"] ?? null)).toEqual(receipt);
    expect(Object.keys(receiptHeaders(arrivalOf("GET", "/").request, receipt))).toEqual(["PAYMENT-RESPONSE"]);
  });
});

it("requirements go to a facilitator in version 1 as they went to the client", () => {
  const sent = toV1(REQUIREMENTS, { url: "https://gateway.example/weather" });
  expect(PaymentRequirementsSchema.parse(sent)).toEqual(sent);
});

it("a record of the release before is still read", () => {
  const authorization = {
    from: PAYER,
    to: REQUIREMENTS.payTo,
    value: "10000",
    validAfter: "0",
    validBefore: "1790000060",
    nonce: `0x${"11".repeat(32)}`,
  };
  const payment = {
    scheme: { signature: `0x${"22".repeat(65)}`, authorization },
    requirements: REQUIREMENTS,
  };
  expect(toFound(["doubt", JSON.stringify(payment), "why", "1790000000000"])).toEqual({
    kind: "doubt",
    payment,
    reason: "why",
    since: 1_790_000_000_000,
  });
  const receipt = { success: true, transaction: TRANSACTION, network: "eip155:84532", payer: PAYER };
  expect(toFound(["owed", "", JSON.stringify(receipt), "1"])).toMatchObject({ kind: "owed", receipt });
});
