import { request } from "node:http";
import { describe, expect, it } from "vitest";
import type { StubReply } from "../fixtures/facilitator-stub.ts";
import { decode, sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** What the client is told when something behind the gateway is broken, and what is not touched then. */
export function faultTests(world: () => World): void {
  describe("a store that does not answer is 503 within its timeout, with facilitator and upstream untouched", () => {
    const faults = [
      "hang",
      "hang-after",
      "drop-before",
      "drop-after",
      "error-500",
      "error-401",
      "html",
      "not-json",
      "short-array",
    ] as const;
    it.each(faults)("%s", async (fault) => {
      const { pay, redis, facilitator, upstream } = world();
      redis.set(fault);
      const started = Date.now();
      const response = await pay("/weather");
      expect(Date.now() - started).toBeLessThan(4000);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "store_unavailable" });
      expect([facilitator.counts.verify, facilitator.counts.settle, upstream.requests.length]).toEqual([
        0, 0, 0,
      ]);
    });
  });

  it("a store that has lost its scripts is sent them again", async () => {
    const { pay, redis } = world();
    await (await pay("/weather")).arrayBuffer();
    redis.set("forget-scripts", { times: 1 });
    expect((await pay("/weather")).status).toBe(200);
  });

  it("a store that dies after the money moved does not keep the answer from who paid for it", async () => {
    const { pay, redis, facilitator } = world();
    facilitator.on.settle = ({ paymentPayload }) => {
      redis.set("drop-before");
      const { from, nonce } = paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    const response = await pay("/weather");
    expect(response.status).toBe(200);
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: true });
  });

  describe("a settlement that leaves a doubt is 503, stays so while it is in doubt, and shows nothing of the facilitator", () => {
    const replies: Record<string, StubReply> = {
      "answers 500": { status: 500, json: { error: "secret-dump at /srv/facilitator.js" } },
      "answers HTML": { text: "<html>secret-dump</html>" },
      hangs: "hang",
      "says pending": {
        json: {
          success: false,
          errorReason: "settlement_pending",
          transaction: `0x${"1".repeat(64)}`,
          network: "eip155:84532",
        },
      },
      "says success without a transaction": {
        json: { success: true, transaction: "", network: "eip155:84532" },
      },
      "says success on another network": {
        json: { success: true, transaction: `0x${"1".repeat(64)}`, network: "eip155:1" },
      },
      "says success for another payer": {
        json: {
          success: true,
          transaction: `0x${"1".repeat(64)}`,
          network: "eip155:84532",
          payer: `0x${"9".repeat(40)}`,
        },
      },
      "says that the authorization is spent": {
        json: {
          success: false,
          errorReason: "invalid_exact_evm_nonce_already_used",
          transaction: "",
          network: "eip155:84532",
        },
      },
      "says that the transaction was reverted": {
        json: {
          success: false,
          errorReason: "invalid_exact_evm_transaction_failed",
          transaction: `0x${"1".repeat(64)}`,
          network: "eip155:84532",
        },
      },
      "says success for another amount": {
        json: { success: true, transaction: `0x${"1".repeat(64)}`, network: "eip155:84532", amount: "1" },
      },
      "says success with status 500": {
        status: 500,
        json: { success: true, transaction: `0x${"1".repeat(64)}`, network: "eip155:84532" },
      },
      "could not send the transaction": {
        json: {
          success: false,
          errorReason: "invalid_exact_evm_transaction_failed",
          transaction: "",
          network: "eip155:84532",
        },
      },
    };
    it.each(Object.entries(replies))("%s", async (_, reply) => {
      const { quote, present, facilitator, upstream } = world();
      facilitator.on.settle = () => reply;
      const payment = await sign(await quote("/weather"));
      const response = await present("/weather", payment);
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(JSON.parse(text)).toMatchObject({ code: "payment_outcome_unknown" });
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(text).not.toContain("secret-dump");
      await expect
        .poll(async () => (await present("/weather", payment)).json(), { timeout: 8000 })
        .toMatchObject({ code: "payment_outcome_unknown" });
      expect(upstream.requests.length).toBe(0);
    });
  });

  it("a settlement that was clearly refused is 402 with the reason, a failed receipt and fresh requirements", async () => {
    const { quote, present, facilitator, upstream } = world();
    facilitator.on.settle = () => ({
      json: {
        success: false,
        errorReason: "insufficient_funds",
        errorMessage: "secret-dump: execution reverted at 0x1",
        transaction: "",
        network: "eip155:84532",
      },
    });
    const payment = await sign(await quote("/weather"));
    const response = await present("/weather", payment);
    const text = await response.text();
    expect(response.status).toBe(402);
    expect(JSON.parse(text)).toMatchObject({
      code: "payment_settlement_failed",
      reason: "insufficient_funds",
    });
    expect(decode(response.headers.get("payment-response"))).toMatchObject({
      success: false,
      errorReason: "insufficient_funds",
    });
    expect(response.headers.has("payment-required")).toBe(true);
    expect(JSON.stringify([...response.headers]) + text).not.toContain("secret-dump");
    await expect
      .poll(async () => (await present("/weather", payment)).json())
      .toMatchObject({ code: "payment_rejected", reason: "insufficient_funds" });
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 0]);
  });

  it("a refusal in words that are not a code is not passed on", async () => {
    const { pay, facilitator } = world();
    facilitator.on.verify = () => ({
      json: { isValid: false, invalidReason: "execution reverted: secret-dump at 0x1" },
    });
    const response = await pay("/late/weather");
    expect(response.status).toBe(402);
    expect(decode(response.headers.get("payment-required"))).toMatchObject({ error: "payment_refused" });
    expect(await response.json()).toMatchObject({ code: "payment_rejected", reason: "payment_refused" });
  });

  it("a facilitator that names the network by its old name is understood", async () => {
    const { pay, facilitator } = world();
    facilitator.on.settle = () => ({
      json: { success: true, transaction: `0x${"1".repeat(64)}`, network: "base-sepolia" },
    });
    expect((await pay("/weather")).status).toBe(200);
  });

  it.each([401, 404, 429])(
    "a facilitator that answers %d to settle took nothing: the payment can be used again",
    async (status) => {
      const { quote, present, facilitator } = world();
      const payment = await sign(await quote("/weather"));
      facilitator.on.settle = () => ({ status, json: { error: "secret-dump" } });
      const refused = await present("/weather", payment);
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ code: "facilitator_unavailable" });
      facilitator.on = {};
      await expect.poll(async () => (await present("/weather", payment)).status).toBe(200);
    },
  );

  describe("a verify that gives no verdict is 503 and gives the payment back", () => {
    const replies: Record<string, StubReply> = {
      "answers 500": { status: 500, json: { error: "secret-dump" } },
      "answers HTML": { text: "<html>secret-dump</html>" },
      hangs: "hang",
    };
    it.each(Object.entries(replies))("%s", async (_, reply) => {
      const { quote, present, facilitator, upstream } = world();
      const payment = await sign(await quote("/late/weather"));
      facilitator.on.verify = () => reply;
      const response = await present("/late/weather", payment);
      const text = await response.text();
      expect(response.status).toBe(503);
      expect(JSON.parse(text)).toMatchObject({ code: "facilitator_unavailable" });
      expect(text).not.toContain("secret-dump");
      expect(upstream.requests.length).toBe(0);
      facilitator.on = {};
      await expect.poll(async () => (await present("/late/weather", payment)).status).toBe(200);
    });
  });

  it("a facilitator that says valid for another payer is not believed", async () => {
    const { pay, facilitator, upstream } = world();
    facilitator.on.verify = () => ({ json: { isValid: true, payer: `0x${"9".repeat(40)}` } });
    const response = await pay("/late/weather");
    expect(response.status).toBe(402);
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([0, 0]);
  });

  it("an upstream that is down after settling: 502 with PAYMENT-RESPONSE, no upstream URL, and the call can be collected", async () => {
    const { quote, present, facilitator } = world();
    const payment = await sign(await quote("/dead"));
    const response = await present("/dead", payment);
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(decode(response.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(JSON.stringify([...response.headers]) + text).not.toMatch(/private-upstream|127\.0\.0\.1:9/);
    const collected = async () => (await present("/dead", payment)).status;
    await expect.poll(collected, { timeout: 15_000 }).toBe(502);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("an upstream that failed after settling is asked again for the same payment, which is not charged again", async () => {
    const { quote, present, facilitator, upstream } = world();
    const payment = await sign(await quote("/status/503"));
    const first = await present("/status/503", payment);
    expect([first.status, first.headers.has("payment-response")]).toEqual([503, true]);
    await first.arrayBuffer();
    await expect
      .poll(async () => {
        const again = await present("/status/503", payment);
        return [again.status, again.headers.has("payment-response")];
      })
      .toEqual([503, true]);
    expect(facilitator.counts.settle).toBe(1);
    expect(upstream.requests.length).toBe(2);
  });

  it("a settlement whose record was lost is written down with the next word on the payment", async () => {
    const { quote, present, facilitator, redis } = world();
    const payment = await sign(await quote("/dead"));
    redis.set("drop-before", { when: ({ commands }) => commands.flat().includes("settled") });
    expect((await present("/dead", payment)).status).toBe(502);
    await expect
      .poll(() => redis.requests.some(({ commands }) => commands.flat().includes("abandoned")), {
        timeout: 15_000,
      })
      .toBe(true);
    redis.clear();
    await expect.poll(async () => (await present("/dead", payment)).status).toBe(502);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("a claim whose reply was lost is given back", async () => {
    const { quote, present, redis } = world();
    const payment = await sign(await quote("/weather"));
    redis.set("drop-after", { times: 1 });
    expect((await present("/weather", payment)).status).toBe(503);
    await expect.poll(async () => (await present("/weather", payment)).status).toBe(200);
  });

  it("what was paid for can be collected after the payment has expired", async () => {
    const { quote, present, facilitator } = world();
    const requirements = await quote("/status/503");
    const validBefore = Math.floor(Date.now() / 1000) + 7;
    const payment = await sign(requirements, { authorization: { validBefore: String(validBefore) } });
    expect((await present("/status/503", payment)).status).toBe(503);
    await expect.poll(() => Date.now() / 1000 > validBefore - 5, { timeout: 5000 }).toBe(true);
    const late = await present("/status/503", payment);
    expect([late.status, late.headers.has("payment-response")]).toEqual([503, true]);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("an answer that keeps breaking off is handed out three times and no more", async () => {
    const { quote, present, facilitator, upstream } = world();
    const payment = await sign(await quote("/break"));
    await expect
      .poll(
        async () => {
          const again = await present("/break", payment);
          return again.text().catch(() => "broken");
        },
        { timeout: 5000 },
      )
      .toContain("payment_already_used");
    expect(upstream.requests.length).toBe(3);
    expect(facilitator.counts.settle).toBe(1);
  });

  it.each([401, 403, 429])(
    "an upstream that turns the gateway away with %d has not served: not charged afterwards",
    async (status) => {
      const { pay, facilitator } = world();
      const response = await pay(`/late/status/${status}`);
      expect([response.status, response.headers.has("payment-response")]).toEqual([status, false]);
      expect(facilitator.counts.settle).toBe(0);
    },
  );

  it("a path that the route's template cannot take is refused before the money moves", async () => {
    const { pay, facilitator, redis } = world();
    const { gateway } = world();
    expect((await fetch(`${gateway.url}/query`)).status).toBe(400);
    expect((await pay("/query?id=1")).status).toBe(200);
    for (const id of ["..", "a%2Fb", "%252e"])
      expect((await fetch(`${gateway.url}/query?id=${id}`)).status).toBe(400);
    expect([facilitator.counts.settle, redis.requests.length > 0]).toEqual([1, true]);
  });

  it("an upstream that breaks off in the middle has not delivered", async () => {
    const { quote, present, facilitator, upstream } = world();
    const payment = await sign(await quote("/break"));
    await expect((await present("/break", payment)).text()).rejects.toThrow();
    await expect
      .poll(async () => {
        const again = await present("/break", payment);
        await again.text().catch(() => undefined);
        return again.status;
      })
      .toBe(200);
    expect(facilitator.counts.settle).toBe(1);
    expect(upstream.requests.length).toBeGreaterThanOrEqual(2);
  });

  it.each(["/weather", "/late/weather"])(
    "a client that leaves %s while the money moves can collect what it paid for",
    async (path) => {
      const { gateway, quote, present, facilitator, redis } = world();
      const payment = await sign(await quote(path));
      let answer = () => {};
      facilitator.on.settle = ({ paymentPayload }) => {
        const { from, nonce } = paymentPayload.payload.authorization;
        const json = { success: true, transaction: nonce, network: "eip155:84532", payer: from };
        return new Promise((resolve) => {
          answer = () => resolve({ json });
        });
      };
      const leaving = request(gateway.url + path, { headers: { "payment-signature": payment } });
      leaving.on("error", () => undefined).end();
      await expect.poll(() => facilitator.counts.settle).toBe(1);
      leaving.socket?.resetAndDestroy();
      await expect.poll(() => leaving.closed).toBe(true);
      answer();
      await expect
        .poll(() => redis.requests.some(({ commands }) => commands.flat().includes("settled")))
        .toBe(true);
      await expect.poll(async () => (await present(path, payment)).status).toBe(200);
      expect(facilitator.counts.settle).toBe(1);
    },
  );

  it("an upstream that does not answer is 504 with PAYMENT-RESPONSE within its timeout", async () => {
    const { pay } = world();
    const response = await pay("/hang");
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: "upstream_timeout" });
    expect(response.headers.has("payment-response")).toBe(true);
  });
}
