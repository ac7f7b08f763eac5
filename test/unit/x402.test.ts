import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Eip3009Payload } from "../../src/core/payloads.ts";
import { decodeHeader, encodeHeader, PaymentPayload } from "../../src/core/x402.ts";
import { paymentOf, REQUIREMENTS } from "./call.ts";

describe("a wire object in a header", () => {
  it("comes back as it was, whatever characters it has, from ASCII that any header may carry", async () => {
    await fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const header = encodeHeader(value);
        expect(header).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
        expect(new Headers({ "payment-required": header }).get("payment-required")).toBe(header);
        expect(decodeHeader(header)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("is what every other implementation reads and writes: base64 of UTF-8 JSON", () => {
    const value = { resource: { description: "météo ☀ 天気 𝄞" } };
    expect(encodeHeader(value)).toBe(Buffer.from(JSON.stringify(value), "utf8").toString("base64"));
    expect(decodeHeader(Buffer.from(JSON.stringify(value), "utf8").toString("base64"))).toEqual(value);
  });

  it.each(["", "{}", "%%%", "e30=e30=", "eyJhIjox", "//79", "bm90IGpzb24="])(
    "is not read from %j",
    (header) => {
      expect(() => decodeHeader(header)).toThrow();
    },
  );
});

describe("a payment payload", () => {
  const { scheme } = paymentOf();
  const payload = { x402Version: 2, accepted: REQUIREMENTS, payload: scheme };

  it("has the shape of version 2", () => {
    expect(PaymentPayload.safeParse(payload).success).toBe(true);
    expect(Eip3009Payload.safeParse(scheme).success).toBe(true);
  });

  it.each([
    { x402Version: 1 },
    { x402Version: "2" },
    { accepted: undefined },
    { accepted: { ...REQUIREMENTS, amount: 10_000 } },
    { accepted: { ...REQUIREMENTS, amount: "-1" } },
    { accepted: { ...REQUIREMENTS, amount: "1e4" } },
    { accepted: { ...REQUIREMENTS, payTo: "a".repeat(257) } },
    { accepted: { ...REQUIREMENTS, surprise: true } },
    { payload: "0x" },
  ])("with %j is none", (change) => {
    expect(PaymentPayload.safeParse({ ...payload, ...change }).success).toBe(false);
  });

  it.each([
    { value: "0x10" },
    { value: "-1" },
    { value: " 1" },
    { value: "1".repeat(79) },
    { from: "0x12" },
    { nonce: "0x12" },
    { nonce: `0x${"11".repeat(33)}` },
    { surprise: "1" },
    { validBefore: undefined },
  ])("with the authorization %j is none of EIP-3009", (change) => {
    const authorization = { ...scheme.authorization, ...change };
    expect(Eip3009Payload.safeParse({ ...scheme, authorization }).success).toBe(false);
  });

  it.each(["", "0x", "0x1", "22", `0x${"zz".repeat(65)}`])(
    "with the signature %j is none of EIP-3009",
    (signature) => {
      expect(Eip3009Payload.safeParse({ ...scheme, signature }).success).toBe(false);
    },
  );
});
