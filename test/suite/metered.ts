import { describe, expect, it } from "vitest";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { decode } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** 100 tokens of input. */
const QUESTION = "?".repeat(100);
const chat = (more: object = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ model: "house-1", messages: [{ role: "user", content: QUESTION }], ...more }),
});
const STREAM = { stream: true, stream_options: { include_usage: true } };
/** What a call costs that has asked the question and got so many tokens, atomic units. */
const cost = (tokens: number) => 1000 + 100 * 3 + tokens * 15;

/** A metered call costs what it has used: never more than was signed for, never twice, and never nothing by chance. */
export function meteredTests(world: () => World): void {
  const signed = async (path: string, init?: RequestInit) =>
    payWithPermit((await world().quote(path, init)) as PaymentRequirements);
  const pay = async (path: string, init?: RequestInit) => {
    const payment = await signed(path, init);
    await world().reset();
    return { payment, answer: await world().present(path, payment, init) };
  };
  const charged = () => world().facilitator.asked.settle?.paymentRequirements.amount;
  const settledOnce = () => expect.poll(() => world().facilitator.counts.settle, { timeout: 10_000 }).toBe(1);
  const receiptOf = (answer: Response) => decode(answer.headers.get("payment-response"));

  it("is quoted with its maximum, by upto, and says who may settle it", async () => {
    expect(await world().quote("/metered/v1/messages", chat())).toMatchObject({
      scheme: "upto",
      amount: "50000",
      extra: { assetTransferMethod: "permit2", facilitatorAddress: expect.stringMatching(/^0x/) },
    });
  });

  describe.each(["/metered/v1/chat/completions", "/metered/v1/messages"])("%s", (path) => {
    it("as JSON: charged for the tokens that it reports, before it goes out, and the receipt says how much", async () => {
      const { answer } = await pay(`${path}?tokens=7`, chat());
      expect(answer.status).toBe(200);
      expect(receiptOf(answer)).toMatchObject({ success: true, amount: String(cost(7)) });
      expect(charged()).toBe(String(cost(7)));
      expect(world().facilitator.asked.settle).toHaveProperty("paymentPayload.accepted");
      expect(Reflect.get(world().facilitator.asked.settle?.paymentPayload ?? {}, "accepted")).toMatchObject({
        amount: "50000",
      });
      expect(world().facilitator.counts).toMatchObject({ verify: 1, settle: 1 });
      expect(await answer.json()).toHaveProperty("usage");
    });

    it("as a stream: untouched, and charged once it has ended; whoever paid can have the receipt", async () => {
      const { payment, answer } = await pay(`${path}?tokens=9`, chat(STREAM));
      expect(answer.headers.get("payment-response")).toBeNull();
      expect(answer.headers.get("x-tollbooth-settlement-deferred")).toMatch(/usage/);
      const direct = await fetch(
        `${world().upstream.url}${path.replace("/metered", "")}?tokens=9`,
        chat(STREAM),
      );
      expect(await answer.text()).toBe(await direct.text());
      await settledOnce();
      expect(charged()).toBe(String(cost(9)));
      const again = async () => world().present(`${path}?tokens=9`, payment, chat(STREAM));
      await expect.poll(async () => (await again()).headers.has("payment-response")).toBe(true);
      const used = await again();
      expect(used.status).toBe(409);
      expect(await used.json()).toMatchObject({ code: "payment_already_used" });
      expect(receiptOf(used)).toMatchObject({ success: true, amount: String(cost(9)) });
      expect(world().facilitator.counts.settle).toBe(1);
    });

    it("never costs more than the maximum", async () => {
      const { answer } = await pay(`${path}?tokens=9999`, chat());
      expect(receiptOf(answer)).toMatchObject({ amount: "50000" });
      await answer.body?.cancel();
    });

    it("that does not say what it has used costs what the seller says for that", async () => {
      const { answer } = await pay(`${path}?usage=0`, chat());
      expect(receiptOf(answer)).toMatchObject({ amount: "20000" });
      await answer.body?.cancel();
    });

    it("whose client hangs up is charged for what went through, and no more", async () => {
      const { answer } = await pay(`${path}?tokens=1000&interval=20`, chat(STREAM));
      const reader = answer.body?.getReader();
      let seen = "";
      const decoder = new TextDecoder();
      while (seen.split("toll ").length < 6)
        seen += decoder.decode((await reader?.read())?.value, { stream: true });
      await reader?.cancel();
      await settledOnce();
      const amount = Number(charged());
      // OpenAI reports input at the end only, so that it is estimated.
      expect(amount).toBeGreaterThanOrEqual(1000 + 5 * 15);
      // Some events may have been on their way.
      expect(amount).toBeLessThan(cost(200));
    });
  });

  it("arrives event by event", async () => {
    const { answer } = await pay("/metered/v1/messages?tokens=200&interval=50", chat(STREAM));
    const reader = answer.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain("message_start");
    expect(first).not.toContain("message_stop");
    expect(world().facilitator.counts.settle).toBe(0);
    await reader?.cancel();
    await settledOnce();
  });

  it("by a header of the upstream's: charged before it goes out, and the client does not see it", async () => {
    const { answer } = await pay("/metered/units/2.5");
    expect(receiptOf(answer)).toMatchObject({ amount: "2500" });
    expect(answer.headers.get("x-usage-units")).toBeNull();
    expect(await answer.json()).toEqual({ units: "2.5" });
  });

  it("that has used nothing costs nothing, and its payment is spent all the same", async () => {
    const { payment, answer } = await pay("/metered/units/0");
    expect(receiptOf(answer)).toMatchObject({ success: true, amount: "0", transaction: "" });
    await answer.text();
    const again = () => world().present("/metered/units/0", payment);
    await expect.poll(async () => (await again()).status).toBe(409);
    expect(await (await again()).json()).toMatchObject({ code: "payment_already_used" });
    expect([world().facilitator.counts.settle, world().upstream.requests.length]).toEqual([0, 1]);
  });

  it("by bytes: those that the client has taken", async () => {
    const { answer } = await pay("/metered/mib?bytes=3145728");
    expect((await answer.arrayBuffer()).byteLength).toBe(3_145_728);
    await settledOnce();
    expect(charged()).toBe("30000");
  });

  it("is served once, however often its payment is presented at once", async () => {
    const path = "/metered/v1/messages?tokens=3&interval=20";
    const payment = await signed(path, chat(STREAM));
    await world().reset();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => world().present(path, payment, chat(STREAM))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
    await Promise.all(answers.map((answer) => answer.text()));
    await settledOnce();
    expect(world().upstream.requests.length).toBe(1);
  });

  it("whose upstream fails costs nothing, and the payment can be presented again", async () => {
    const { payment, answer } = await pay("/metered/v1/nowhere", chat());
    expect(answer.status).toBe(404);
    // Not the upstream's failure: it has answered, and reported nothing.
    expect(receiptOf(answer)).toMatchObject({ amount: "0" });
    await answer.text();
    expect(world().facilitator.counts.settle).toBe(0);
    expect((await world().present("/metered/v1/nowhere", payment, chat())).status).toBe(409);
  });

  it("is charged at its end although the facilitator would not take it at first", async () => {
    const { facilitator } = world();
    const path = "/metered/v1/messages?tokens=4";
    const payment = await signed(path, chat(STREAM));
    await world().reset();
    let refusals = 2;
    facilitator.on.settle = ({ paymentPayload, paymentRequirements }) => {
      if (refusals-- > 0) return { status: 429, text: "later" };
      const { nonce, from } = paymentPayload.payload.permit2Authorization ?? { nonce: "", from: "" };
      const transaction = `0x${BigInt(nonce).toString(16).padStart(64, "0")}`;
      return {
        json: {
          success: true,
          transaction,
          network: "eip155:84532",
          payer: from,
          amount: paymentRequirements.amount,
        },
      };
    };
    await (await world().present(path, payment, chat(STREAM))).text();
    await expect.poll(() => facilitator.counts.settle, { timeout: 10_000 }).toBe(3);
    const again = () => world().present(path, payment, chat(STREAM));
    await expect.poll(async () => receiptAmount(await again()), { timeout: 10_000 }).toBe(String(cost(4)));
  });

  it("whose charge was not seen to end owes it: presented again it is charged for that, and buys nothing", async () => {
    const { facilitator, upstream } = world();
    const path = "/metered/v1/messages?tokens=6";
    const payment = await signed(path, chat(STREAM));
    await world().reset();
    facilitator.on.settle = () => ({ status: 500, text: "broken" });
    await (await world().present(path, payment, chat(STREAM))).text();
    await settledOnce();
    delete facilitator.on.settle;
    const again = () => world().present(path, payment, chat(STREAM));
    await expect
      .poll(async () => receiptAmount(await again()), { timeout: 15_000, interval: 500 })
      .toBe(String(cost(6)));
    expect(charged()).toBe(String(cost(6)));
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([2, 1]);
  });

  it.each([
    ["a model without a price", { model: "nobody-knows" }, "model_unknown"],
    ["no text for a model", { model: ["house-1"] }, "body_not_priceable"],
  ])("%s is refused before anybody is asked", async (_, more, code) => {
    const { gateway, upstream, redis } = world();
    const answer = await fetch(`${gateway.url}/metered/v1/messages`, chat(more));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code });
    expect([upstream.requests.length, redis.requestCount]).toEqual([0, 0]);
  });

  it.each([
    ["house-1", "20000"],
    ["HOUSE-2", "30000"],
    ["gpt-4o", "12500"],
  ])("by the model's name: %s costs %s", async (model, amount) => {
    expect(await world().quote("/by-model/messages", chat({ model }))).toMatchObject({
      scheme: "exact",
      amount,
    });
  });

  it("a model that is nowhere in the tables is not sold at any price", async () => {
    const answer = await fetch(`${world().gateway.url}/by-model/messages`, chat({ model: "nobody-knows" }));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "model_unknown" });
  });
}

function receiptAmount(answer: Response): unknown {
  const header = answer.headers.get("payment-response");
  return header === null ? undefined : (decode(header) as { amount?: string }).amount;
}
