/** What a payment is read as: the same purchase whatever its wire form, and no refusal for what is not the client's fault. */
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/core/call.ts";
import type { Offer } from "../../src/core/route.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { makePresent } from "../../src/payment/present.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { decode, encode, type Requirements, sign } from "../fixtures/sign.ts";
import { solanaAccount, solanaTransaction } from "../fixtures/solana.ts";
import { arrivalOf, REQUIREMENTS, routeOf, usdcOn } from "./call.ts";

const fees = solanaAccount();
const PERMIT2: PaymentRequirements = {
  ...REQUIREMENTS,
  extra: { ...REQUIREMENTS.extra, assetTransferMethod: "permit2" },
};
const UPTO: PaymentRequirements = {
  ...PERMIT2,
  scheme: "upto",
  extra: { ...PERMIT2.extra, facilitatorAddress: REQUIREMENTS.payTo },
};
const SOLANA: PaymentRequirements = {
  ...REQUIREMENTS,
  network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
  extra: { feePayer: fees.address },
};

const present = makePresent(Date.now, { names: async () => false });
function callWith(headers: Record<string, string>, offers: Offer[] = []): Call {
  return compileMatch([{ ...routeOf("GET /a"), offers }])(arrivalOf("GET", "/a?x=1", headers));
}
const v2 = (payment: string) => callWith({ "payment-signature": payment });

describe("a payment", () => {
  it("is the same one in both versions: the same spend identity, and the same purchase", async () => {
    const payment = await sign(REQUIREMENTS as Requirements);
    const { payload } = decode(payment);
    const v1 = encode({ x402Version: 1, scheme: "exact", network: "base-sepolia", payload });
    const [one, other] = await Promise.all([
      present(v2(payment), [PERMIT2, REQUIREMENTS]),
      present(callWith({ "x-payment": v1 }), [PERMIT2, REQUIREMENTS]),
    ]);
    expect(other).toEqual({ ...one, version: 1 });
    expect(one).toMatchObject({
      version: 2,
      resource: "https://gateway.example/a",
      requirements: REQUIREMENTS,
    });
  });

  it.each([
    [true, "quote_expired"],
    [false, undefined],
  ])("for a quote that is honoured no more (%s) cannot pay, and can still collect", async (late, expired) => {
    const asked: PaymentRequirements = { ...REQUIREMENTS, amount: "777" };
    const honour = async () => ({ requirements: asked, late });
    const call = { ...v2(await sign(asked as Requirements)), quoted: { terms: [], tier: "", honour } };
    expect(await present(call, [REQUIREMENTS])).toMatchObject({ requirements: asked, proven: true, expired });
  });

  it("by Permit2 has one spend identity in both schemes: its owner's nonces are of one kind", async () => {
    const permit = { nonce: "7", deadline: String(Math.floor(Date.now() / 1000) + 60) };
    const [exact, upto] = await Promise.all(
      [PERMIT2, UPTO].map(async (one) =>
        present(v2(await payWithPermit(one, { permit })), [REQUIREMENTS, PERMIT2, UPTO]),
      ),
    );
    expect(exact?.spend).toBe(upto?.spend);
    expect(exact?.fingerprint).not.toBe(upto?.fingerprint);
  });

  it("on Solana is the same one with another first signature, and another purchase", async () => {
    const owner = solanaAccount();
    const blockhash = Buffer.alloc(32, 9);
    const [one, other] = await Promise.all(
      [Buffer.alloc(64), Buffer.alloc(64, 1)].map((feeSignature) => {
        const transaction = solanaTransaction(owner, fees.key, 1n, { blockhash, feeSignature });
        return present(v2(encode({ x402Version: 2, accepted: SOLANA, payload: { transaction } })), [SOLANA]);
      }),
    );
    expect(one?.spend).toBe(other?.spend);
    expect(one?.fingerprint).not.toBe(other?.fingerprint);
  });
});

describe("an offer that is missing because its facilitator does not answer", () => {
  const transaction = solanaTransaction(solanaAccount(), fees.key, 1n);
  const payload = { transaction };
  const headers: Record<string, string>[] = [
    { "payment-signature": encode({ x402Version: 2, accepted: SOLANA, payload }) },
    { "x-payment": encode({ x402Version: 1, scheme: "exact", network: "solana-devnet", payload }) },
  ];

  it.each(headers)("is not the client's fault: 503, not 402 (%#)", async (fields) => {
    const offers: Offer[] = [
      await usdcOn("eip155:84532"),
      { ...(await usdcOn("eip155:84532")), network: SOLANA.network, transfer: "transaction" },
    ];
    await expect(present(callWith(fields, offers), [REQUIREMENTS])).rejects.toMatchObject({
      code: "facilitator_unavailable",
    });
    // One that was never offered is.
    await expect(present(callWith(fields, offers.slice(0, 1)), [REQUIREMENTS])).rejects.toMatchObject({
      code: "payment_rejected",
    });
  });
});
