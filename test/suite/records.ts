import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { decode, sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** What a payment's record holds beyond the payment: answers, names, the facilitator's word. */
export function recordTests(world: () => World): void {
  const settled = (payment: { payload: { authorization: { from: string; nonce: string } } }) => {
    const { from, nonce } = payment.payload.authorization;
    return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
  };
  /** Presents until the late write of an earlier answer is seen. */
  const until = async (status: number, ask: () => Promise<Response>) => {
    let answer = await ask();
    await expect
      .poll(
        async () => {
          if (answer.status !== status) answer = await ask();
          return answer.status;
        },
        { timeout: 8000 },
      )
      .toBe(status);
    return answer;
  };
  const named = (id: string) => ({
    extensions: { "payment-identifier": { info: { required: false, id } } },
  });

  it("a kept answer is handed out again to the payment that bought it, whole, with its receipt", async () => {
    const { quote, present, upstream, facilitator } = world();
    const payment = await sign(await quote("/kept/weather?city=x"));
    const first = await present("/kept/weather?city=x", payment);
    const body = await first.text();
    const again = await until(200, () => present("/kept/weather?city=x", payment));
    expect(await again.text()).toBe(body);
    expect(again.headers.get("payment-response")).toBe(first.headers.get("payment-response"));
    expect(again.headers.get("content-type")).toBe(first.headers.get("content-type"));
    expect(again.headers.get("cache-control")).toMatch(/^private/);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect([upstream.requests.length, facilitator.counts.settle]).toEqual([1, 1]);
    const other = await present("/kept/weather?city=y", payment);
    expect(await other.json()).toMatchObject({ code: "payment_conflict" });
  });

  it("costs one store request to hand out", async () => {
    const { quote, present, redis } = world();
    const payment = await sign(await quote("/kept/weather"));
    await (await present("/kept/weather", payment)).text();
    await until(200, () => present("/kept/weather", payment));
    await world().reset();
    expect((await present("/kept/weather", payment)).status).toBe(200);
    expect(redis.requestCount).toBe(1);
  });

  it.each([
    ["one that is too long", "/kept/large"],
    ["one whose time is over", "/kept/brief"],
  ])("%s is not handed out again: the payment is used", async (_, path) => {
    const { quote, present, upstream } = world();
    const payment = await sign(await quote(path));
    await (await present(path, payment)).text();
    const again = await until(409, () => present(path, payment));
    expect(await again.json()).toMatchObject({
      code: expect.stringMatching(/^payment_(already_used|in_progress)$/),
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it("one that broke off is not kept: what is handed out next is fetched anew", async () => {
    const { quote, present, upstream } = world();
    const payment = await sign(await quote("/kept/break"));
    await present("/kept/break", payment)
      .then((answer) => answer.text())
      .catch(() => "broke off");
    await expect
      .poll(async () => {
        await present("/kept/break", payment)
          .then((answer) => answer.text())
          .catch(() => "broke off");
        return upstream.requests.length;
      })
      .toBe(2);
  });

  it("an answer whose settlement is in doubt is kept, and handed out when it turns out to be paid", async () => {
    const { quote, present, upstream, facilitator } = world();
    const payment = await sign(await quote("/kept/late"));
    facilitator.on.settle = () => ({ status: 500, text: "down" });
    const doubt = await present("/kept/late", payment);
    expect(await doubt.json()).toMatchObject({ code: "payment_outcome_unknown" });
    facilitator.on.settle = ({ paymentPayload }) => settled(paymentPayload);
    const answer = await until(200, () => present("/kept/late", payment));
    expect(await answer.json()).toHaveProperty("city");
    expect(decode(answer.headers.get("payment-response"))).toMatchObject({ success: true });
    expect(upstream.requests).toHaveLength(1);
  });

  it("payment-identifier: a second payment under the same name is answered with what the first has bought", async () => {
    const { quote, present, upstream, facilitator } = world();
    const id = randomUUID();
    const terms = await quote("/named/weather");
    const first = await present("/named/weather", await sign(terms, { top: named(id) }));
    const body = await first.text();
    const again = await until(200, async () =>
      present("/named/weather", await sign(terms, { top: named(id) })),
    );
    expect(await again.text()).toBe(body);
    expect([upstream.requests.length, facilitator.counts.settle]).toEqual([1, 1]);
  });

  it("payment-identifier: of twenty payments at once under one name one is settled", async () => {
    const { quote, present, upstream, facilitator } = world();
    const top = named(randomUUID());
    const terms = await quote("/named/weather");
    const payments = await Promise.all(Array.from({ length: 20 }, () => sign(terms, { top })));
    const answers = await Promise.all(payments.map((payment) => present("/named/weather", payment)));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect([upstream.requests.length, facilitator.counts.settle]).toEqual([1, 1]);
  });

  it("payment-identifier: another call under the same name is a conflict", async () => {
    const { quote, present, facilitator } = world();
    const top = named(randomUUID());
    const terms = await quote("/named/weather");
    await (await present("/named/weather", await sign(terms, { top }))).text();
    const other = await present("/named/weather?city=x", await sign(terms, { top }));
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: "payment_conflict" });
    expect(facilitator.counts.settle).toBe(1);
  });

  it("payment-identifier: a name is its payer's own", async () => {
    const { quote, present, facilitator } = world();
    const top = named(randomUUID());
    const terms = await quote("/named/weather");
    await (await present("/named/weather", await sign(terms, { top }))).text();
    const other = await sign(terms, { top, privateKey: testAccount(7).privateKey });
    expect((await present("/named/weather", other)).headers.get("idempotent-replayed")).toBeNull();
    expect(facilitator.counts.settle).toBe(2);
  });

  it("payment-identifier: a call that is owed is collected under its name, and not charged again", async () => {
    const { quote, present, facilitator } = world();
    const top = named(randomUUID());
    const terms = await quote("/named/dead");
    expect((await present("/named/dead", await sign(terms, { top }))).status).toBe(502);
    const again = await until(502, async () => present("/named/dead", await sign(terms, { top })));
    expect(again.headers.get("payment-response")).not.toBeNull();
    expect(facilitator.counts.settle).toBe(1);
  });

  it("payment-identifier: is declared, required where the route says so, and must be one", async () => {
    const { gateway, quote, present, facilitator } = world();
    const declared = decode((await fetch(`${gateway.url}/named/required`)).headers.get("payment-required"));
    expect(declared).toMatchObject({ extensions: { "payment-identifier": { info: { required: true } } } });
    const terms = await quote("/named/required");
    for (const top of [{}, named("short"), named("with spaces in between it")]) {
      const refused = await present("/named/required", await sign(terms, { top }));
      expect(await refused.json()).toMatchObject({ code: "payment_malformed" });
    }
    expect(facilitator.counts.settle).toBe(0);
    expect((await present("/named/required", await sign(terms, { top: named(randomUUID()) }))).status).toBe(
      200,
    );
  });

  it("verificationCache: a payment that was verified is not verified again, and still settled", async () => {
    const { quote, present, facilitator } = world();
    const terms = await quote("/verified/500");
    const payment = await sign(terms);
    expect((await present("/verified/500", payment)).status).toBe(500);
    expect(facilitator.counts.verify).toBe(1);
    for (let i = 0; i < 3; i++) await until(500, () => present("/verified/500", payment));
    expect([facilitator.counts.verify, facilitator.counts.settle]).toEqual([1, 0]);
    // For another call it is another matter.
    const other = await until(200, () => present("/verified/200", payment));
    expect(other.headers.get("payment-response")).not.toBeNull();
    expect([facilitator.counts.verify, facilitator.counts.settle]).toEqual([2, 1]);
  });

  it("verificationCache: counts for the payment and not for its payer", async () => {
    const { quote, present, facilitator } = world();
    const terms = await quote("/verified/500");
    await present("/verified/500", await sign(terms));
    await present("/verified/500", await sign(terms));
    expect(facilitator.counts.verify).toBe(2);
  });
}
