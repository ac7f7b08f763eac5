import { randomBytes } from "node:crypto";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { payer, seller, testAccount } from "../../dev/accounts.ts";
import { encode, sign, type Tampering } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const now = () => Math.floor(Date.now() / 1000);
const stranger = testAccount(5);

const FORGERIES: Record<string, Tampering> = {
  "a forged `from`: the stranger's signature in the payer's name": {
    privateKey: stranger.privateKey,
    sent: { from: payer.address },
  },
  "`from` changed after signing": { sent: { from: stranger.address } },
  "a signature for another chain": { domain: { chainId: 8453 } },
  "a signature for another token": { domain: { verifyingContract: stranger.address } },
  "a signature for another token name": { domain: { name: "USD Coin" } },
  "a signature that is noise": { signature: () => `0x${randomBytes(65).toString("hex")}` },
  "`validBefore` a year away": { authorization: { validBefore: String(now() + 31_536_000) } },
  "`validAfter` an hour away": { authorization: { validAfter: String(now() + 3600) } },
  "less than the price": { authorization: { value: "9999" } },
  "more than the price": { authorization: { value: "10001" } },
  "an amount of zero": { authorization: { value: "0" } },
  "another recipient": { authorization: { to: stranger.address } },
  "an `accepted.amount` of the client's choosing": {
    accepted: { amount: "1" },
    authorization: { value: "1" },
  },
  "an `accepted.payTo` of the client's choosing": {
    accepted: { payTo: stranger.address },
    authorization: { to: stranger.address },
  },
  "an `accepted.asset` of the client's choosing": { accepted: { asset: stranger.address } },
  "an `accepted.network` of the client's choosing": { accepted: { network: "eip155:31337" } },
  "an `accepted.scheme` of the client's choosing": { accepted: { scheme: "upto" } },
  "an `accepted.maxTimeoutSeconds` of the client's choosing": { accepted: { maxTimeoutSeconds: 31_536_000 } },
  "an `accepted.extra` of the client's choosing": { accepted: { extra: { name: "USDC", version: "1" } } },
};

/** Payments that are not good: none reaches the store, the facilitator or the upstream. */
export function forgeryTests(world: () => World): void {
  describe("a payment that does not pay for this call is 402 with fresh requirements, and reaches nobody", () => {
    it.each(Object.entries(FORGERIES))("%s", async (_, tampering) => {
      const { pay, redis, facilitator, upstream } = world();
      const response = await pay("/weather", {}, tampering);
      expect(response.status).toBe(402);
      expect(await response.json()).toMatchObject({ code: "payment_rejected", reason: expect.any(String) });
      expect(response.headers.has("payment-required")).toBe(true);
      expect([redis.requestCount, facilitator.counts.verify, facilitator.counts.settle]).toEqual([0, 0, 0]);
      expect(upstream.requests.length).toBe(0);
    });
  });

  it.each([-10, 3])(
    "a payment that expires in %d s cannot pay: refused after one look at the store",
    async (seconds) => {
      const { pay, redis, facilitator, upstream } = world();
      const response = await pay("/weather", {}, { authorization: { validBefore: String(now() + seconds) } });
      expect(response.status).toBe(402);
      expect(await response.json()).toMatchObject({ code: "payment_rejected" });
      expect([redis.requestCount, facilitator.counts.settle, upstream.requests.length]).toEqual([1, 0, 0]);
    },
  );

  it("under after-response a payment must outlast the upstream", async () => {
    const { pay, upstream } = world();
    const tooSoon = { authorization: { validBefore: String(now() + 7) } };
    expect((await pay("/late/weather", {}, tooSoon)).status).toBe(402);
    expect(upstream.requests.length).toBe(0);
  });

  describe("a payment that cannot be read is 400 at once, and reaches nobody", () => {
    const deep = `${"[".repeat(3000)}${"]".repeat(3000)}`;
    const headers: Record<string, string> = {
      "no base64": "%%%",
      "base64 of no JSON": Buffer.from("hello").toString("base64"),
      "base64 of a number": encode(7),
      "base64 of null": encode(null),
      "an empty header": " ",
      "an empty object": encode({}),
      "an array": encode([]),
      "deep JSON": Buffer.from(deep).toString("base64"),
    };
    it.each(Object.entries(headers))("%s", async (_, payment) => {
      const { present, redis, facilitator, upstream } = world();
      const response = await present("/weather", payment);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "payment_malformed" });
      expect([redis.requestCount, facilitator.counts.verify, facilitator.counts.settle]).toEqual([0, 0, 0]);
      expect(upstream.requests.length).toBe(0);
    });

    it.each([1, 3, "2", null])("x402Version %j", async (x402Version) => {
      const { quote, present } = world();
      const payment = await sign(await quote("/weather"), { top: { x402Version } });
      expect((await present("/weather", payment)).status).toBe(400);
    });

    it("an otherwise good payment of over 8 KiB", async () => {
      const { pay, upstream } = world();
      const response = await pay("/weather", {}, { top: { extensions: { padding: "x".repeat(8000) } } });
      expect(response.status).toBe(400);
      expect(upstream.requests.length).toBe(0);
    });

    it("a nonce of 31 bytes", async () => {
      const { quote, present } = world();
      const payment = await sign(await quote("/weather"), { sent: { nonce: `0x${"ab".repeat(31)}` } });
      expect((await present("/weather", payment)).status).toBe(400);
    });

    it("a header of a megabyte is refused while it arrives", async () => {
      const { present, upstream } = world();
      const status = await present("/weather", "A".repeat(1_000_000)).then(
        (response) => response.status,
        () => "connection refused",
      );
      expect([400, 431, "connection refused"]).toContain(status);
      expect(upstream.requests.length).toBe(0);
      expect((await fetch(`${world().gateway.url}/free`)).status).toBe(200);
    });
  });

  it("a long signature is not taken for a proven one: the facilitator is asked before the upstream", async () => {
    const { pay, facilitator, upstream } = world();
    facilitator.on.verify = () => ({
      json: { isValid: false, invalidReason: "invalid_exact_evm_signature" },
    });
    const response = await pay("/weather", {}, { signature: (signature) => `${signature}00ff` });
    expect(response.status).toBe(402);
    expect(facilitator.counts).toMatchObject({ verify: 1, settle: 0 });
    expect(upstream.requests.length).toBe(0);
  });

  it("the signer's own recovery id and case do not make another payment of the same one", async () => {
    const { quote, present, facilitator } = world();
    const nonce = `0x${randomBytes(32).toString("hex")}`;
    const requirements = await quote("/weather");
    const authorization = { nonce, validBefore: String(now() + 60) };
    const lower = await sign(requirements, { authorization });
    const upper = await sign(requirements, {
      authorization,
      sent: {
        nonce: `0x${nonce.slice(2).toUpperCase()}`,
        from: privateKeyToAccount(payer.privateKey).address.toLowerCase(),
        to: seller.address.toLowerCase(),
      },
    });
    const [a, b] = await Promise.all([present("/weather", lower), present("/weather", upper)]);
    expect([a.status, b.status].sort()).toEqual([200, 409]);
    expect(facilitator.counts.settle).toBe(1);
  });
}
