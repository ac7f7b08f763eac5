/** What is refused of a Permit2 payment before anybody is asked; each reason for a payment that is wrong in that one way. */
import { describe, expect, it } from "vitest";
import { payer, testAccount } from "../../dev/accounts.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { readPermit2 } from "../../src/payment/permit2.ts";
import { type PermitTampering, signPermit } from "../fixtures/permit.ts";
import { REQUIREMENTS } from "./call.ts";

const stranger = testAccount(5);
const FACILITATOR = testAccount(0).address;
const NOW = Math.floor(Date.now() / 1000);
const TIMES = { now: NOW, margin: 6 };

const EXACT: PaymentRequirements = {
  ...REQUIREMENTS,
  extra: { ...REQUIREMENTS.extra, assetTransferMethod: "permit2" },
};
const UPTO: PaymentRequirements = {
  ...EXACT,
  scheme: "upto",
  extra: { ...EXACT.extra, facilitatorAddress: FACILITATOR },
};

async function read(requirements: PaymentRequirements, tampering?: PermitTampering, times = TIMES) {
  return readPermit2(await signPermit(requirements, tampering), requirements, times);
}

describe.each([
  ["exact", EXACT],
  ["upto", UPTO],
] as const)("a permit for %s", (scheme, requirements) => {
  const witness = {
    to: requirements.payTo,
    ...(scheme === "upto" ? { facilitator: FACILITATOR } : {}),
    validAfter: "0",
  };
  const permitted = { token: requirements.asset, amount: requirements.amount };

  it("that is as it should be is its payer's, until its deadline", async () => {
    const signed = await read(requirements, { permit: { nonce: "7", deadline: String(NOW + 60) } });
    expect(signed).toMatchObject({
      payer: payer.address,
      validBefore: NOW + 60,
      proven: true,
      expired: undefined,
      once: ["0x000000000022d473030f116ddee9f6b43ac78ba3", payer.address.toLowerCase(), "7"],
    });
  });

  it.each<[reason: string, tampering: PermitTampering]>([
    ["invalid_permit2_spender", { permit: { spender: stranger.address } }],
    [
      "invalid_permit2_spender",
      {
        permit: {
          // The other scheme's proxy.
          spender:
            scheme === "upto"
              ? "0x402085c248EeA27D92E8b30b2C58ed07f9E20001"
              : "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002",
        },
      },
    ],
    ["invalid_permit2_recipient_mismatch", { permit: { witness: { ...witness, to: stranger.address } } }],
    ["permit2_amount_mismatch", { permit: { permitted: { ...permitted, amount: "9999" } } }],
    ["permit2_amount_mismatch", { permit: { permitted: { ...permitted, amount: "10001" } } }],
    ["permit2_token_mismatch", { permit: { permitted: { ...permitted, token: stranger.address } } }],
    ["permit2_not_yet_valid", { permit: { witness: { ...witness, validAfter: String(NOW + 3600) } } }],
    ["permit2_deadline_too_late", { permit: { deadline: String(NOW + 31_536_000) } }],
    ["invalid_permit2_signature", { privateKey: stranger.privateKey, sent: { from: payer.address } }],
    ["invalid_permit2_signature", { domain: { chainId: 8453 } }],
    ["invalid_permit2_signature", { domain: { name: "Permit3" } }],
    ["invalid_permit2_signature", { domain: { verifyingContract: stranger.address } }],
    ["invalid_permit2_signature", { sent: { nonce: "1" } }],
    [
      "invalid_permit2_signature",
      { sent: { deadline: String(NOW + 61) }, permit: { deadline: String(NOW + 60) } },
    ],
    ["invalid_permit2_signature", { signature: () => `0x${"11".repeat(65)}` }],
  ])("%s: %j", async (reason, tampering) => {
    expect(await read(requirements, tampering)).toBe(reason);
  });

  it("that is too late to settle can only collect", async () => {
    const deadline = String(NOW + 5);
    expect(await read(requirements, { permit: { deadline } })).toMatchObject({
      expired: "permit2_deadline_expired",
    });
  });

  it("signed by a wallet with code cannot be proven here", async () => {
    const wrapped = { signature: (signature: string) => `${signature}01` };
    expect(await read(requirements, wrapped)).toMatchObject({ proven: false });
  });

  it.each([
    ["7", "007"],
    ["7", "0x7"],
    ["255", "0x00ff"],
  ])("with the nonce %s is the same payment as with %s", async (one, other) => {
    const permit = { nonce: one, deadline: String(NOW + 60) };
    const [a, b] = await Promise.all([
      read(requirements, { permit }),
      read(requirements, { permit, sent: { nonce: other } }),
    ]);
    expect(b).toEqual(a);
  });

  it.each([
    { nonce: "-1" },
    { nonce: "1e3" },
    { nonce: "" },
    { nonce: (2n ** 256n).toString() },
    { deadline: "soon" },
    { from: "0x12" },
    { surprise: "1" } as Record<string, string>,
    { permitted: { ...permitted, surprise: "1" } },
  ])("has not the shape with %j", async (sent) => {
    expect(await read(requirements, { sent })).toBeUndefined();
  });

  it("of the other scheme has not the shape", async () => {
    const other = scheme === "upto" ? EXACT : UPTO;
    expect(await readPermit2(await signPermit(other), requirements, TIMES)).toBeUndefined();
  });
});

it("an upto permit for another facilitator is refused", async () => {
  const witness = { to: UPTO.payTo, facilitator: stranger.address, validAfter: "0" };
  expect(await read(UPTO, { permit: { witness } })).toBe("upto_facilitator_mismatch");
});
