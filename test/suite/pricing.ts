import { describe, expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { decode, sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body,
  headers,
});
const SMALL = post('{ "model": "small-1" ,"text":"x"}', { "content-type": "text/plain" });
const LARGE = post('{"model":"large-1"}');

/** What a call costs is what is in it, and a payment is for what it was quoted for. */
export function pricingTests(world: () => World): void {
  it("by the body: the rule's price, to the rule's receiver, and the upstream gets the very bytes that were priced", async () => {
    const { quote, pay, upstream } = world();
    expect(await quote("/priced/echo", SMALL)).toMatchObject({ amount: "10000" });
    expect(await quote("/priced/echo", LARGE)).toMatchObject({
      amount: "50000",
      payTo: "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    });
    const response = await pay("/priced/echo", SMALL);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(SMALL.body);
    expect(upstream.requests.length).toBe(1);
  });

  it("a payment for a cheap body does not buy a dear one, and nothing is touched", async () => {
    const { quote, present, facilitator, redis, upstream } = world();
    const payment = await sign(await quote("/priced/echo", SMALL));
    const response = await present("/priced/echo", payment, LARGE);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ reason: "no_matching_requirements" });
    expect([facilitator.counts.settle, redis.requestCount, upstream.requests.length]).toEqual([0, 0, 0]);
  });

  it("a payment buys the body it was first presented with, and no other one of the same price", async () => {
    const { quote, present, facilitator, upstream } = world();
    const payment = await sign(await quote("/priced/nothing", SMALL));
    const first = await present("/priced/nothing", payment, SMALL);
    const other = await present("/priced/nothing", payment, post('{"model":"small-2"}'));
    expect([first.status, other.status]).toEqual([404, 409]);
    expect(await other.json()).toMatchObject({ code: "payment_conflict" });
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 1]);
  });

  it.each([
    ["no JSON", post("model=small-1"), 400, "body_not_json"],
    ["a name twice", post('{"model":"small-1","model":"large-1"}'), 400, "body_not_json"],
    ["another shape", post('{"model":["small-1"]}'), 400, "body_not_priceable"],
    [
      "a form as well",
      post('{"model":"small-1","x":"&model=large-1&"}', {
        "content-type": "application/x-www-form-urlencoded",
      }),
      400,
      "body_not_json",
    ],
    ["compressed", post("x", { "content-encoding": "gzip" }), 415, "body_encoded"],
    ["too long", post(JSON.stringify({ model: "small-1", x: "x".repeat(10_000) })), 413, "body_too_large"],
  ])(
    "a body that cannot be priced (%s) gets no price, and nothing is touched",
    async (_, init, status, code) => {
      const { gateway, present, redis, upstream, quote } = world();
      const payment = await sign(await quote("/priced/echo", SMALL));
      const unpaid = await fetch(`${gateway.url}/priced/echo`, init);
      const paid = await present("/priced/echo", payment, init);
      for (const response of [unpaid, paid]) {
        expect(response.status).toBe(status);
        expect(await response.json()).toMatchObject({ code });
        expect(response.headers.get("payment-required")).toBeNull();
      }
      expect([redis.requestCount, upstream.requests.length]).toEqual([0, 0]);
    },
  );

  it("by the seller's function: a text, a number, nothing", async () => {
    const { quote, pay, gateway } = world();
    expect(await quote("/priced/by-function/0.02")).toMatchObject({ amount: "20000" });
    expect(await quote("/priced/by-function/0.3")).toMatchObject({ amount: "300000" });
    expect((await pay("/priced/by-function/0.3")).status).toBe(200);
    const free = await fetch(`${gateway.url}/priced/by-function/0`);
    expect([free.status, free.headers.get("payment-required")]).toEqual([200, null]);
  });

  it.each(["throw", "-1", "NaN", "Infinity", "1e-9", "2000000", "word"])(
    "a function that gives no price (%s) is a 500 that says nothing, and nobody is charged",
    async (dollars) => {
      const { gateway, present, quote, facilitator, upstream } = world();
      const payment = await sign(await quote("/weather"));
      for (const response of [
        await fetch(`${gateway.url}/priced/by-function/${dollars}`),
        await present(`/priced/by-function/${dollars}`, payment),
      ]) {
        const text = await response.text();
        expect(response.status).toBe(500);
        expect(JSON.parse(text)).toMatchObject({ code: "price_failed" });
        expect(text).not.toContain("secret");
      }
      expect([facilitator.counts.settle, upstream.requests.length]).toEqual([0, 0]);
    },
  );

  it("a function may turn a call away in its own words", async () => {
    const response = await fetch(`${world().gateway.url}/priced/by-function/reject`);
    expect([response.status, response.headers.get("content-type")]).toEqual([451, "application/json"]);
    expect(await response.json()).toEqual({ why: "law" });
  });

  describe.each(["/tiers/time", "/tiers/credits"])("what was bought ahead on %s", (path) => {
    it("opens calls of the price it was bought at, and no dearer one: by token, by cookie, by signature", async () => {
      const { gateway, pay, present, quote, facilitator } = world();
      const { privateKey } = testAccount(path.endsWith("time") ? 91 : 92);
      const bought = await pay(`${path}/small`, {}, { privateKey });
      const token = bought.headers.get("tollbooth-session") ?? "";
      const cookie = bought.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      const by = (headers: Record<string, string>, size: string) =>
        fetch(`${gateway.url}${path}/${size}`, { headers }).then(({ status }) => status);
      expect([await by({ "tollbooth-session": token }, "tiny"), await by({ cookie }, "tiny")]).toEqual([
        200, 200,
      ]);
      expect([await by({ "tollbooth-session": token }, "4k"), await by({ cookie }, "4k")]).toEqual([
        402, 402,
      ]);
      expect(facilitator.counts.settle).toBe(1);
      // A fresh signature for the dear call is charged, and one for the cheap call is not.
      const dear = await present(`${path}/4k`, await sign(await quote(`${path}/4k`), { privateKey }));
      expect([dear.status, facilitator.counts.settle]).toEqual([200, 2]);
      const cheap = await present(`${path}/small`, await sign(await quote(`${path}/small`), { privateKey }));
      expect([cheap.status, facilitator.counts.settle]).toEqual([200, 2]);
    });
  });

  it("a client pays what it was asked, whatever the price is by then", async () => {
    const { quote, present, gateway, facilitator } = world();
    const asked = await quote("/priced/by-time");
    let now = asked;
    while (now.amount === asked.amount) now = await quote("/priced/by-time");
    const amounts: string[] = [];
    facilitator.on.settle = ({ paymentPayload }) => {
      const { value, nonce, from } = paymentPayload.payload.authorization;
      amounts.push(value);
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    const response = await present("/priced/by-time", await sign(asked));
    expect(response.status).toBe(200);
    expect(amounts).toEqual([asked.amount]);
    // Its signature covers all of it.
    const cheaper = { ...asked, amount: "1" };
    expect((await present("/priced/by-time", await sign(cheaper))).status).toBe(402);
    const required = await fetch(`${gateway.url}/priced/by-time`);
    expect(decode(required.headers.get("payment-required"))).toMatchObject({
      accepts: [{ extra: { quote: expect.stringMatching(/^\d+\.[0-9a-f]{64}$/) } }],
    });
  });
}
