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

  it("payment-identifier: once the first payment under a name has failed, one of many at once is settled", async () => {
    const { quote, present, facilitator } = world();
    const top = named(randomUUID());
    const terms = await quote("/named/weather");
    facilitator.on.settle = () => ({
      json: { success: false, errorReason: "insufficient_funds", transaction: "", network: "eip155:84532" },
    });
    expect((await present("/named/weather", await sign(terms, { top }))).status).toBe(402);
    facilitator.on.settle = ({ paymentPayload }) => settled(paymentPayload);
    facilitator.counts.settle = 0;
    const payments = await Promise.all(Array.from({ length: 10 }, () => sign(terms, { top })));
    const answers = await Promise.all(payments.map((payment) => present("/named/weather", payment)));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("payment-identifier: what was bought under a name is known as long as the name, and a name that bought nothing is forgotten", async () => {
    const { quote, present, facilitator } = world();
    const before = new Set(await keysOf(world(), "pid"));
    const bought = async () => (await keysOf(world(), "pid")).filter((key) => !before.has(key));
    const terms = await quote("/named/weather");
    facilitator.on.settle = () => ({ status: 404, text: "" });
    await present("/named/weather", await sign(terms, { top: named(randomUUID()) }));
    await expect.poll(bought).toEqual([]);
    facilitator.on.settle = ({ paymentPayload }) => settled(paymentPayload);
    const records = new Set(await keysOf(world(), "verify"));
    const payment = await sign(terms, { top: named(randomUUID()) });
    await (await present("/named/weather", payment)).text();
    await until(200, () => present("/named/weather", payment));
    const [record = ""] = (await keysOf(world(), "verify")).filter((key) => !records.has(key));
    const [name = ""] = await bought();
    const [recordMs, nameMs] = [await lifeOf(world(), record), await lifeOf(world(), name)];
    expect(recordMs).toBeGreaterThanOrEqual(nameMs - 60_000);
    expect(nameMs).toBeGreaterThan(23 * 3_600_000);
  });

  it("payment-identifier: a name does not answer with what its payment has bought elsewhere", async () => {
    const { quote, present, facilitator } = world();
    const top = named(randomUUID());
    const nonce = `0x${randomUUID().replaceAll("-", "").repeat(2)}`;
    const terms = await quote("/named/weather");
    const given = { authorization: { nonce } };
    facilitator.on.settle = () => ({ status: 404, text: "" });
    expect((await present("/named/weather", await sign(terms, { ...given, top }))).status).toBe(503);
    facilitator.on.settle = ({ paymentPayload }) => settled(paymentPayload);
    const elsewhere = await until(200, async () =>
      present("/named/weather?city=b", await sign(terms, given)),
    );
    await elsewhere.text();
    const answer = await until(200, async () => present("/named/weather", await sign(terms, { top })));
    expect(answer.headers.get("idempotent-replayed")).toBeNull();
  });

  it("payment-identifier: many payments under one name buy the time of one", async () => {
    const { quote, present, facilitator } = world();
    const top = named(randomUUID());
    const privateKey = testAccount(9).privateKey;
    const terms = await quote("/named/timed");
    const first = await present("/named/timed", await sign(terms, { top, privateKey }));
    const ends = Date.parse(first.headers.get("tollbooth-session-expires") ?? "");
    await expect.poll(() => Date.now(), { timeout: 5000 }).toBeGreaterThan(ends);
    for (let i = 0; i < 3; i++) {
      const again = await until(502, async () =>
        present("/named/timed", await sign(terms, { top, privateKey })),
      );
      expect(again.headers.get("tollbooth-session")).toBeNull();
      expect(again.headers.get("tollbooth-session-expires")).toBeNull();
    }
    expect(facilitator.counts.settle).toBe(1);
  });

  it("a client that walks away in the middle is not handed half an answer later", async () => {
    const { quote, present } = world();
    const payment = await sign(await quote("/kept/events?count=50&interval=100"));
    const answer = await present("/kept/events?count=50&interval=100", payment);
    const reading = answer.body?.getReader();
    await reading?.read();
    await reading?.cancel();
    const again = await until(409, () => present("/kept/events?count=50&interval=100", payment));
    expect(await again.json()).toMatchObject({
      code: expect.stringMatching(/^payment_(already_used|in_progress)$/),
    });
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

  it("verificationCache: ends when its time is over, however often the payment is presented", async () => {
    const { quote, present, facilitator } = world();
    const payment = await sign(await quote("/briefly/500"));
    await expect
      .poll(
        async () => {
          await present("/briefly/500", payment);
          return facilitator.counts.verify;
        },
        { timeout: 5000, interval: 50 },
      )
      .toBe(3);
  });

  it("verificationCache: counts for the payment and not for its payer", async () => {
    const { quote, present, facilitator } = world();
    const terms = await quote("/verified/500");
    await present("/verified/500", await sign(terms));
    await present("/verified/500", await sign(terms));
    expect(facilitator.counts.verify).toBe(2);
  });
}

async function keysOf({ vars }: World, part: string): Promise<string[]> {
  return (await command(vars, "KEYS", `test:${part}:*`)) as string[];
}

async function lifeOf({ vars }: World, key: string): Promise<number> {
  return Number(await command(vars, "PTTL", key));
}

async function command(
  { REDIS_URL = "", REDIS_TOKEN = "" }: World["vars"],
  ...words: string[]
): Promise<unknown> {
  const headers = { authorization: `Bearer ${REDIS_TOKEN}` };
  const response = await fetch(REDIS_URL, { method: "POST", headers, body: JSON.stringify(words) });
  return ((await response.json()) as { result: unknown }).result;
}
