import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { payer, testAccount } from "../../dev/accounts.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { STUB_ACCOUNTS, supported } from "../fixtures/facilitator-stub.ts";
import { type PermitTampering, payWithPermit } from "../fixtures/permit.ts";
import { decode, encode, sign } from "../fixtures/sign.ts";
import { solanaAccount, solanaTransaction } from "../fixtures/solana.ts";
import { BUNDLES, type World } from "../fixtures/world.ts";

const stranger = testAccount(5);
/** Sold by `upto`: whatever it answers costs the maximum. */
const METERED = "/metered/weather";
const SOLANA = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";

/** Who can pay besides EIP-3009 in version 2: clients of version 1, Permit2, `upto`, Solana. */
export function wayTests(world: () => World): void {
  describe("a client of version 1", () => {
    async function present(header: string, path = "/weather"): Promise<Response> {
      return fetch(world().gateway.url + path, { headers: { "x-payment": header } });
    }
    async function signed(path = "/weather") {
      const v2 = await sign(await world().quote(path));
      const { payload } = decode(v2);
      return { v2, v1: encode({ x402Version: 1, scheme: "exact", network: "base-sepolia", payload }) };
    }

    it("reads in the 402's body what to pay", async () => {
      const { gateway } = world();
      const answer = await fetch(`${gateway.url}/weather`);
      expect(await answer.json()).toMatchObject({
        code: "payment_required",
        x402Version: 1,
        error: expect.any(String),
        accepts: [{ scheme: "exact", network: "base-sepolia", maxAmountRequired: "10000" }],
      });
    });

    it("pays, and is answered in its own words; so is the facilitator asked", async () => {
      const { facilitator, redis, upstream } = world();
      const { v1 } = await signed();
      await world().reset();
      const answer = await present(v1);
      expect(answer.status).toBe(200);
      expect(decode(answer.headers.get("x-payment-response"))).toMatchObject({
        success: true,
        network: "base-sepolia",
        payer: payer.address,
      });
      expect(decode(answer.headers.get("payment-response"))).toMatchObject({ network: "eip155:84532" });
      expect(facilitator.asked.settle).toMatchObject({
        x402Version: 1,
        paymentPayload: { x402Version: 1, scheme: "exact", network: "base-sepolia" },
        paymentRequirements: { network: "base-sepolia", maxAmountRequired: "10000" },
      });
      expect(facilitator.counts).toEqual({ verify: 0, settle: 1, supported: 0 });
      expect(redis.requests[0]?.commands).toHaveLength(1);
      expect(upstream.requests[0]?.headers).not.toHaveProperty("x-payment");
    });

    it("pays after the answer: verified and settled in version 1", async () => {
      const { facilitator } = world();
      const answer = await present((await signed("/late/weather")).v1, "/late/weather");
      expect(answer.status).toBe(200);
      expect(facilitator.asked.verify).toMatchObject({ x402Version: 1 });
      expect(facilitator.asked.settle).toMatchObject({ x402Version: 1 });
    });

    it("cannot buy twice by presenting its authorization in version 2 at the same time", async () => {
      const { facilitator, upstream, present: presentV2 } = world();
      const { v1, v2 } = await signed();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) => (i % 2 ? present(v1) : presentV2("/weather", v2))),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
      expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 1]);
    });

    it("is told why its payment is no good, with fresh requirements, and nobody is asked", async () => {
      const { quote, facilitator, redis } = world();
      const { payload } = decode(await sign(await quote("/weather"), { authorization: { value: "1" } }));
      await world().reset();
      const answer = await present(
        encode({ x402Version: 1, scheme: "exact", network: "base-sepolia", payload }),
      );
      expect(answer.status).toBe(402);
      const error = "invalid_exact_evm_payload_authorization_value_mismatch";
      expect(await answer.json()).toMatchObject({ x402Version: 1, error, accepts: [{}] });
      expect([redis.requestCount, facilitator.counts.verify, facilitator.counts.settle]).toEqual([0, 0, 0]);
    });

    it("with a payment of version 2 beside its own is refused", async () => {
      const { v1, v2 } = await signed();
      const headers = { "x-payment": v1, "payment-signature": v2 };
      const answer = await fetch(`${world().gateway.url}/weather`, { headers });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: "payment_malformed" });
    });

    it("gets its failed settlement in its own words", async () => {
      const { facilitator } = world();
      facilitator.on.settle = () => ({
        json: { success: false, errorReason: "insufficient_funds", transaction: "", network: "base-sepolia" },
      });
      const answer = await present((await signed()).v1);
      expect(answer.status).toBe(402);
      expect(decode(answer.headers.get("x-payment-response"))).toMatchObject({
        success: false,
        errorReason: "insufficient_funds",
        network: "base-sepolia",
      });
    });
  });

  describe("where everything is accepted", () => {
    let all: Gateway | undefined;
    let onlySolana: Gateway | undefined;
    beforeAll(async () => {
      const { runtime, vars } = world();
      const start = (WAYS: string) => startGateway({ runtime, directory: BUNDLES, vars: { ...vars, WAYS } });
      all = await start("all");
      onlySolana = await start("solana");
    });
    afterAll(async () => {
      await all?.stop();
      await onlySolana?.stop();
    });
    let accepts: PaymentRequirements[] = [];
    beforeEach(async () => {
      const [eip3009, permit2, solana] = await quotes();
      const [upto] = await quotes(METERED);
      accepts = [eip3009, permit2, upto, solana].filter((offer) => offer !== undefined);
      await world().reset();
    });

    async function quotes(path = "/weather"): Promise<PaymentRequirements[]> {
      const answer = await fetch(`${all?.url}${path}`);
      return (decode(answer.headers.get("payment-required")) as { accepts: PaymentRequirements[] }).accepts;
    }
    async function solanaOnly(path: string): Promise<PaymentRequirements[]> {
      const [solana] = (await quotes(path)).filter(({ network }) => network === SOLANA);
      return solana ? accepts.with(3, solana) : [];
    }
    const present = (payment: string, path?: string, gateway = all) => {
      const own =
        (decode(payment) as { accepted?: { scheme?: string } }).accepted?.scheme === "upto"
          ? METERED
          : "/weather";
      return fetch(`${gateway?.url}${path ?? own}`, { headers: { "payment-signature": payment } });
    };
    const offered = (index: number) => {
      const offer = accepts[index];
      if (!offer) throw new Error(`there is no offer ${index}`);
      return offer;
    };

    it("each offer says how it is paid, and who of the facilitator's has to be named", () => {
      const usdc = { name: "USDC", version: "2" };
      const permit2 = { ...usdc, assetTransferMethod: "permit2" };
      expect(accepts.map(({ scheme, network, extra }) => ({ scheme, network, extra }))).toEqual([
        { scheme: "exact", network: "eip155:84532", extra: usdc },
        { scheme: "exact", network: "eip155:84532", extra: permit2 },
        {
          scheme: "upto",
          network: "eip155:84532",
          extra: { ...permit2, facilitatorAddress: STUB_ACCOUNTS.evm },
        },
        { scheme: "exact", network: SOLANA, extra: { feePayer: STUB_ACCOUNTS.solana.address } },
      ]);
    });

    const witness = (index: number, change: Record<string, string>) => ({
      to: offered(index).payTo,
      ...(index === 2 ? { facilitator: STUB_ACCOUNTS.evm } : {}),
      validAfter: "0",
      ...change,
    });
    const permits = [
      ["permit2", 1],
      ["upto", 2],
    ] as const;

    describe.each(permits)("%s", (_, index) => {
      it("is verified, settled and served", async () => {
        const { facilitator, upstream } = world();
        const answer = await present(await payWithPermit(offered(index)));
        expect(answer.status).toBe(200);
        const receipt = decode(answer.headers.get("payment-response"));
        expect(receipt).toMatchObject({ success: true, payer: payer.address });
        expect(receipt.amount).toBe(index === 2 ? "10000" : undefined);
        expect(facilitator.counts).toMatchObject({ verify: 1, settle: 1, supported: 0 });
        expect(upstream.requests.length).toBe(1);
      });

      it.each<[string, () => PermitTampering, string]>([
        [
          "a stranger's signature",
          () => ({ privateKey: stranger.privateKey, sent: { from: payer.address } }),
          "invalid_permit2_signature",
        ],
        ["another spender", () => ({ permit: { spender: stranger.address } }), "invalid_permit2_spender"],
        [
          "another recipient in the witness",
          () => ({ permit: { witness: witness(index, { to: stranger.address }) } }),
          "invalid_permit2_recipient_mismatch",
        ],
        [
          "a witness changed after signing",
          () => ({ sent: { witness: witness(index, { validAfter: "1" }) } }),
          "invalid_permit2_signature",
        ],
      ])("with %s is refused, and reaches nobody", async (_, tampering, reason) => {
        const { facilitator, upstream, redis } = world();
        const answer = await present(await payWithPermit(offered(index), tampering()));
        expect(answer.status).toBe(402);
        expect(await answer.json()).toMatchObject({ code: "payment_rejected", reason });
        expect([redis.requestCount, facilitator.counts.verify, facilitator.counts.settle]).toEqual([0, 0, 0]);
        expect(upstream.requests.length).toBe(0);
      });

      it("is one payment, however its nonce is written", async () => {
        const { facilitator, upstream } = world();
        const nonce = BigInt(`0x${randomBytes(24).toString("hex")}`);
        const permit = { nonce: nonce.toString(), deadline: String(Math.floor(Date.now() / 1000) + 60) };
        const spellings = [`${nonce}`, `00${nonce}`, `0x${nonce.toString(16)}`, `0x000${nonce.toString(16)}`];
        const answers = await Promise.all(
          spellings.map(async (spelled) =>
            present(await payWithPermit(offered(index), { permit, sent: { nonce: spelled } })),
          ),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
        expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 1]);
      });

      it("of a payer who has not let Permit2 take the token: the client is told", async () => {
        const { facilitator, upstream } = world();
        const invalidReason = "permit2_allowance_required";
        facilitator.on.verify = () => ({ status: 412, json: { isValid: false, invalidReason } });
        const answer = await present(await payWithPermit(offered(index)));
        expect(answer.status).toBe(402);
        expect(await answer.json()).toMatchObject({ reason: invalidReason });
        expect([facilitator.counts.settle, upstream.requests.length]).toEqual([0, 0]);
      });
    });

    it("upto, quoted with another account of the facilitator's by another isolate, is taken", async () => {
      const { facilitator } = world();
      const account = testAccount(8).address;
      const theirs = { ...offered(2), extra: { ...offered(2).extra, facilitatorAddress: account } };
      facilitator.on.supported = () => supported(account);
      const payment = await payWithPermit(theirs);
      await expect
        .poll(async () => (await present(payment)).status, { timeout: 10_000, interval: 300 })
        .toBe(200);
      expect(facilitator.asked.settle?.paymentRequirements.extra).toMatchObject({
        facilitatorAddress: account,
      });
    });

    it("upto, with an account that is not the facilitator's, is refused", async () => {
      const theirs = { ...offered(2), extra: { ...offered(2).extra, facilitatorAddress: stranger.address } };
      const answer = await present(await payWithPermit(theirs));
      expect(answer.status).toBe(402);
      expect(await answer.json()).toMatchObject({ reason: "no_matching_requirements" });
    });

    describe("Solana", () => {
      const owner = solanaAccount();
      const fees = STUB_ACCOUNTS.solana.key;
      const pay = (transaction: string) =>
        encode({ x402Version: 2, accepted: offered(3), payload: { transaction } });

      it.each(["/weather", "/late/weather"])(
        "%s: verified before anything is served, and the payer is whom the facilitator names",
        async (path) => {
          const { facilitator, upstream } = world();
          accepts = await solanaOnly(path);
          let servedBefore = -1;
          facilitator.on.verify = () => {
            servedBefore = upstream.requests.length;
            return { json: { isValid: true, payer: owner.address } };
          };
          const answer = await present(pay(solanaTransaction(owner, fees, 10_000n)), path);
          expect(answer.status).toBe(200);
          expect(decode(answer.headers.get("payment-response"))).toMatchObject({
            success: true,
            network: SOLANA,
            payer: owner.address,
            transaction: expect.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{64,88}$/),
          });
          expect(servedBefore).toBe(0);
          expect(facilitator.counts).toMatchObject({ verify: 1, settle: 1 });
        },
      );

      it("a transaction with other bytes for the missing signature does not buy again", async () => {
        const { facilitator, upstream } = world();
        const blockhash = randomBytes(32);
        const spellings = [{}, { feeSignature: randomBytes(64) }, { feeSignature: randomBytes(64) }];
        const answers = await Promise.all(
          spellings.map((wishes) =>
            present(pay(solanaTransaction(owner, fees, 10_000n, { blockhash, ...wishes }))),
          ),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
        expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 1]);
      });

      it.each([
        ["is no transaction", "AAAA", "invalid_exact_svm_payload_transaction"],
        [
          "has something behind it",
          solanaTransaction(owner, fees, 1n, { trailing: Buffer.alloc(1) }),
          "invalid_exact_svm_payload_transaction",
        ],
        [
          "names another account for the fees",
          solanaTransaction(owner, owner.key, 1n),
          "invalid_exact_svm_payload_fee_payer_mismatch",
        ],
      ])("what %s is refused, and reaches nobody", async (_, transaction, reason) => {
        const { facilitator, redis } = world();
        const answer = await present(pay(transaction));
        expect(answer.status).toBe(402);
        expect(await answer.json()).toMatchObject({ reason });
        expect([redis.requestCount, facilitator.counts.verify]).toEqual([0, 0]);
      });

      it("what the facilitator calls invalid is not served, and nobody's word on the payer but its own counts", async () => {
        const { facilitator, upstream } = world();
        const replies = [
          { isValid: false, invalidReason: "invalid_exact_svm_payload_transaction_amount_mismatch" },
          { isValid: true },
          { isValid: true, payer: "somebody" },
        ];
        for (const json of replies) {
          facilitator.on.verify = () => ({ json });
          const answer = await present(pay(solanaTransaction(owner, fees, 1n)));
          expect(answer.status).toBe(402);
        }
        expect([facilitator.counts.settle, upstream.requests.length]).toEqual([0, 0]);
      });

      it("opens paid time, by token only, and a cold isolate honours it while the facilitator is away", async () => {
        const { facilitator, runtime, vars } = world();
        accepts = await solanaOnly("/timed/hour");
        const paid = await present(pay(solanaTransaction(owner, fees, 100_000n)), "/timed/hour");
        expect(paid.status).toBe(200);
        const headers = { "tollbooth-session": paid.headers.get("tollbooth-session") ?? "" };
        facilitator.on.supported = () => "hang";
        const cold = await startGateway({ runtime, directory: BUNDLES, vars: { ...vars, WAYS: "solana" } });
        try {
          const answer = await fetch(`${cold.url}/timed/hour`, { headers });
          expect(answer.status).toBe(200);
          expect((await fetch(`${cold.url}/timed/hour`)).status).toBe(503);
          expect(facilitator.counts.settle).toBe(1);
        } finally {
          await cold.stop();
        }
      });

      it("is paid by a client of version 1 too", async () => {
        const { facilitator } = world();
        const payload = { transaction: solanaTransaction(owner, fees, 10_000n) };
        const payment = encode({ x402Version: 1, scheme: "exact", network: "solana-devnet", payload });
        const answer = await fetch(`${all?.url}/weather`, { headers: { "x-payment": payment } });
        expect(answer.status).toBe(200);
        expect(decode(answer.headers.get("x-payment-response"))).toMatchObject({ network: "solana-devnet" });
        expect(facilitator.asked.verify).toMatchObject({
          x402Version: 1,
          paymentRequirements: {
            network: "solana-devnet",
            extra: { feePayer: STUB_ACCOUNTS.solana.address },
          },
        });
      });
    });

    it("a facilitator that does not say what it supports: 503 where nothing else is accepted", async () => {
      const { facilitator } = world();
      facilitator.on.supported = () => ({ status: 500, text: "down" });
      const answer = await fetch(`${onlySolana?.url}/weather`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: "facilitator_unavailable" });
      delete facilitator.on.supported;
      await expect
        .poll(async () => (await fetch(`${onlySolana?.url}/weather`)).status, {
          timeout: 10_000,
          interval: 300,
        })
        .toBe(402);
    });
  });
}
