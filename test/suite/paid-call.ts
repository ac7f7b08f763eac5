import { expect, it } from "vitest";
import { decode, sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** What a caller who pays gets, and what it costs in requests. */
export function paidCallTests(world: () => World): void {
  it("answers an unpaid call with 402, the price, and nothing else touched", async () => {
    const { gateway, redis, facilitator, upstream } = world();
    const response = await fetch(`${gateway.url}/weather`);
    const body = await response.json();
    expect(response.status).toBe(402);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(body).toMatchObject({ code: "payment_required", status: 402, hint: expect.any(String) });
    const required = decode(response.headers.get("payment-required"));
    expect(required).toMatchObject({
      x402Version: 2,
      resource: { url: `${gateway.url}/weather` },
      accepts: [{ scheme: "exact", network: "eip155:84532", amount: "10000", maxTimeoutSeconds: 60 }],
    });
    expect([
      redis.requestCount,
      facilitator.counts.verify,
      facilitator.counts.settle,
      upstream.requests.length,
    ]).toEqual([0, 0, 0, 0]);
  });

  it("before-response: one store request before the upstream, one facilitator request, the answer and the receipt", async () => {
    const { pay, redis, facilitator, upstream } = world();
    const response = await pay("/weather");
    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty("city");
    expect(decode(response.headers.get("payment-response"))).toMatchObject({
      success: true,
      network: "eip155:84532",
    });
    expect(response.headers.get("cache-control")).toMatch(/^private/);
    expect(facilitator.counts).toMatchObject({ verify: 0, settle: 1, supported: 0 });
    expect(upstream.requests.length).toBe(1);
    expect(scriptsOf(redis.requests[0])).toHaveLength(1);
  });

  it("asks the store once before the upstream is called", async () => {
    const { pay, redis, facilitator } = world();
    let before = -1;
    facilitator.on.settle = ({ paymentPayload }) => {
      before = redis.requestCount;
      const { from, nonce } = paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    expect((await pay("/weather")).status).toBe(200);
    expect(before).toBe(1);
  });

  it.each([
    [204, true],
    [399, true],
    [400, false],
    [404, false],
    [500, false],
  ])("settleBelow 400: an answer of %i is what was paid for: %s", async (code, charged) => {
    const { pay, present, quote, facilitator, upstream } = world();
    const late = await pay(`/strict/late/status/${code}`);
    expect([late.status, facilitator.counts.settle]).toEqual([code, charged ? 1 : 0]);
    expect(late.headers.has("x-tollbooth-settlement-skipped")).toBe(!charged);
    // Paid before the answer is known, it is still owed.
    const payment = await sign(await quote(`/strict/status/${code}`));
    await world().reset();
    expect((await present(`/strict/status/${code}`, payment)).status).toBe(code);
    const again = () => present(`/strict/status/${code}`, payment).then(({ status }) => status);
    await expect.poll(again).toBe(charged ? 409 : code);
    await expect.poll(() => upstream.requests.length > 1).toBe(!charged);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("after-response: verify, serve, then settle", async () => {
    const { pay, facilitator, upstream } = world();
    let served = -1;
    facilitator.on.settle = ({ paymentPayload }) => {
      served = upstream.requests.length;
      const { from, nonce } = paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    const response = await pay("/late/weather");
    expect(response.status).toBe(200);
    expect(response.headers.has("payment-response")).toBe(true);
    expect(facilitator.counts).toMatchObject({ verify: 1, settle: 1 });
    expect(served).toBe(1);
  });

  it("after-response does not charge for an upstream that failed, and gives the payment back", async () => {
    const { quote, present, facilitator } = world();
    const payment = await sign(await quote("/late/status/500"));
    const failed = await present("/late/status/500", payment);
    expect(failed.status).toBe(500);
    expect(failed.headers.has("payment-response")).toBe(false);
    expect(failed.headers.get("x-tollbooth-settlement-skipped")).toContain("500");
    await failed.arrayBuffer();
    expect(facilitator.counts.settle).toBe(0);
    await expect.poll(async () => (await present("/late/status/500", payment)).status).toBe(500);
  });

  it("serves free routes without asking anyone", async () => {
    const { gateway, redis, facilitator } = world();
    const response = await fetch(`${gateway.url}/free`);
    expect(response.status).toBe(200);
    expect([redis.requestCount, facilitator.counts.verify + facilitator.counts.settle]).toEqual([0, 0]);
  });

  it("the same payment, presented again after its answer, is refused and not charged", async () => {
    const { quote, present, facilitator, upstream } = world();
    const payment = await sign(await quote("/weather"));
    await (await present("/weather", payment)).arrayBuffer();
    await expect
      .poll(async () => (await present("/weather", payment)).json())
      .toMatchObject({ code: "payment_already_used" });
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 1]);
  });

  it("HEAD costs what GET costs", async () => {
    const { gateway, pay, upstream } = world();
    expect((await fetch(`${gateway.url}/weather`, { method: "HEAD" })).status).toBe(402);
    expect(upstream.requests.length).toBe(0);
    const paid = await pay("/weather", { method: "HEAD" });
    expect(paid.status).toBe(200);
    expect(paid.headers.has("payment-response")).toBe(true);
    expect(upstream.requests[0]).toMatchObject({ method: "HEAD" });
  });

  it("rewrites paths and fills in parameters", async () => {
    const { gateway, pay, upstream } = world();
    expect(await (await pay("/data/a%20b?x=1")).json()).toMatchObject({ id: "a b" });
    await (await fetch(`${gateway.url}/free/files/data/7?y=2`)).arrayBuffer();
    await (await fetch(`${gateway.url}/free/query?id=9&z=3`)).arrayBuffer();
    expect(upstream.requests.map(({ url }) => url)).toEqual([
      "/data/a%20b?x=1",
      "/data/7?y=2",
      "/data/9?id=9&z=3",
    ]);
  });

  it("refuses what no route matches, with the nearest route as a hint, and forwards nothing", async () => {
    const { gateway, upstream } = world();
    const missing = await fetch(`${gateway.url}/wether`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({
      code: "route_not_found",
      hint: "Did you mean GET /weather?",
    });
    const wrong = await fetch(`${gateway.url}/weather`, { method: "DELETE" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD");
    expect(upstream.requests.length).toBe(0);
  });
}

function scriptsOf(request: { commands: readonly (readonly string[])[] } | undefined): string[] {
  return (request?.commands ?? [])
    .map(([name = ""]) => name.toUpperCase())
    .filter((name) => name.startsWith("EVAL"));
}
