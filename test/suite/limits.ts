import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import { sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

/** Rate limits: what gets through, what it says, and what does not help to get around it. */
export function limitTests(world: () => World): void {
  /** A client nobody has seen yet. */
  const newcomer = () => ({ headers: { "x-client": randomUUID() } });
  const call = (path: string, init: RequestInit = {}) => fetch(world().gateway.url + path, init);

  it.each(["sliding-window", "fixed-window", "token-bucket"])(
    "%s: of twenty calls at once exactly as many pass as the limit says",
    async (algorithm) => {
      const client = newcomer();
      const path = `/limited/${algorithm}`;
      const answers = await Promise.all(Array.from({ length: 20 }, () => call(path, client)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(5);
      expect(statuses.filter((status) => status === 429)).toHaveLength(15);
      expect(world().upstream.requests).toHaveLength(5);
      expect((await call(path, newcomer())).status).toBe(200);
    },
  );

  it("tells what is left, and when there is more", async () => {
    const client = newcomer();
    const first = await call("/limited/twice", client);
    expect(first.headers.get("ratelimit-policy")).toBe('"burst";q=2;w=3600, "day";q=100;w=86400');
    expect(first.headers.get("ratelimit")).toMatch(/^"burst";r=1;t=\d+, "day";r=99;t=\d+$/);
    await call("/limited/twice", client);
    const refused = await call("/limited/twice", client);
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(3600);
    expect(refused.headers.get("ratelimit")).toMatch(/^"burst";r=0;t=\d+/);
    expect(await refused.json()).toMatchObject({ code: "rate_limited", "violated-policies": ["burst"] });
  });

  it("costs one store request, and none when the call is answered before", async () => {
    const { redis } = world();
    await call("/limited/sliding-window", newcomer());
    redis.resetCounters();
    await call("/limited/twice", newcomer());
    expect(redis.requestCount).toBe(1);
    redis.resetCounters();
    expect((await call("/limited/paid", newcomer())).status).toBe(402);
    expect(redis.requestCount).toBe(0);
  });

  it("goes out with the payment's claim: one store request before the money moves", async () => {
    const { pay, redis, facilitator } = world();
    let before = -1;
    facilitator.on.settle = ({ paymentPayload }) => {
      before = redis.requestCount;
      const { from, nonce } = paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    const answer = await pay("/limited/paid", newcomer());
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ratelimit")).toMatch(/^"default";r=0;t=\d+$/);
    expect(before).toBe(1);
  });

  it("a limited payment is neither charged nor lost: it pays for the call once there is room", async () => {
    const { pay, present, quote, facilitator, upstream } = world();
    const client = newcomer();
    expect((await pay("/limited/paid", client)).status).toBe(200);
    const payment = await sign(await quote("/limited/paid"));
    const limited = await present("/limited/paid", payment, client);
    expect(limited.status).toBe(429);
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, 1]);
    const room = newcomer();
    await expect.poll(async () => (await present("/limited/paid", payment, room)).status).toBe(200);
    expect([facilitator.counts.settle, upstream.requests.length]).toEqual([2, 2]);
  });

  it("forged payers are refused before anything is counted, whoever they name", async () => {
    const { quote, present, redis, upstream } = world();
    const terms = await quote("/limited/payer");
    const stranger = testAccount(5).privateKey;
    for (let i = 0; i < 20; i++) {
      const from = i % 2 ? testAccount(4).address : `0x${i.toString(16).padStart(40, "a")}`;
      const forged = await sign(terms, { privateKey: stranger, authorization: { from } });
      expect((await present("/limited/payer", forged)).status).toBe(402);
    }
    expect([redis.requestCount, upstream.requests.length]).toEqual([0, 0]);
    // The one they named has all of the limit left.
    const { privateKey } = testAccount(4);
    for (const status of [200, 200, 429]) {
      const payment = await sign(terms, { privateKey });
      expect((await present("/limited/payer", payment)).status).toBe(status);
    }
    const other = await sign(terms, { privateKey: testAccount(6).privateKey });
    expect((await present("/limited/payer", other)).status).toBe(200);
  });

  it("payments that others copy from the chain, or that nobody can check here, count for no payer", async () => {
    const { quote, present, facilitator, upstream } = world();
    const terms = await quote("/limited/payer");
    const victim = testAccount(8);
    const settled = await sign(terms, { privateKey: victim.privateKey });
    expect((await present("/limited/payer", settled)).status).toBe(200);
    for (let i = 0; i < 5; i++)
      expect([409, 429]).toContain((await present("/limited/payer", settled)).status);
    facilitator.on.verify = () => ({
      json: { isValid: false, invalidReason: "invalid_exact_evm_signature" },
    });
    for (let i = 0; i < 5; i++) {
      // As long as those of wallets with code, which only the chain can check.
      const signature = (real: string) => `${real}${"00".repeat(i + 1)}`;
      const unproven = await sign(terms, { privateKey: victim.privateKey, signature });
      expect([402, 429]).toContain((await present("/limited/payer", unproven)).status);
    }
    // One of two is used, by the payer's own call.
    const fresh = await present("/limited/payer", await sign(terms, { privateKey: victim.privateKey }));
    expect([fresh.status, fresh.headers.get("ratelimit")]).toEqual([200, expect.stringMatching(/r=0;/)]);
    expect(upstream.requests).toHaveLength(2);
  });

  it("a payment that was used, beside a token, does not lift the limit: the address is counted", async () => {
    const { quote, present, upstream } = world();
    const path = "/timed/limited";
    const payment = await sign(await quote(path), { privateKey: testAccount(10).privateKey });
    const opened = await present(path, payment);
    const session = { "tollbooth-session": opened.headers.get("tollbooth-session") ?? "" };
    await opened.text();
    upstream.requests.length = 0;
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await present(path, payment, { headers: session })).status);
    expect(statuses).toEqual([200, 200, 429, 429, 429, 429]);
    expect(upstream.requests).toHaveLength(2);
  });

  it("a payment whose answer is owed is counted each time it reaches the upstream", async () => {
    const { quote, present, upstream, facilitator } = world();
    const path = "/limited/failing";
    const payment = await sign(await quote(path), { privateKey: testAccount(11).privateKey });
    for (let i = 0; i < 8; i++) {
      const answer = await present(path, payment);
      expect([500, 409, 429]).toContain(answer.status);
      await answer.text();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // Once as the payer, twice by the address.
    expect(upstream.requests.length).toBeLessThanOrEqual(3);
    expect(facilitator.counts.settle).toBe(1);
  });

  it("forwarding headers do not make another client", async () => {
    const { runtime } = world();
    // What the platform itself says of the client, where there is one.
    const own = { workers: "cf-connecting-ip", vercel: "x-real-ip", node: undefined }[runtime];
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const claims = { "x-forwarded-for": `203.0.113.${i}`, forwarded: `for=203.0.113.${i}` };
      const headers = own ? { ...claims, [own]: `2001:db8:5:6::${i}` } : claims;
      statuses.push((await call("/limited/address", { headers })).status);
    }
    // On the edge the addresses differ, but within one /64.
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  });

  it("too many refused calls are a ban, which lasts when the window is over", async () => {
    const client = newcomer();
    const banned = async () => {
      const answer = await call("/limited/banned", client);
      const { detail } = (await answer.json()) as { detail?: string };
      return (
        answer.status === 429 && detail !== undefined && Number(answer.headers.get("retry-after")) > 3000
      );
    };
    await expect.poll(banned, { interval: 1 }).toBe(true);
    const until = Date.now() + 500;
    while (Date.now() < until) expect(await banned()).toBe(true);
    expect((await call("/limited/banned", newcomer())).status).toBe(200);
  });

  it("a store that does not answer refuses calls, unless the route says otherwise", async () => {
    const { redis, pay, facilitator } = world();
    redis.set("error-500");
    const denied = await call("/limited/address");
    expect(denied.status).toBe(503);
    expect(await denied.json()).toMatchObject({ code: "store_unavailable" });
    const open = await call("/limited/open");
    expect(open.status).toBe(200);
    expect(open.headers.get("ratelimit")).toBeNull();
    // A payment is refused in any case.
    expect((await pay("/limited/paid", newcomer())).status).toBe(503);
    expect(facilitator.counts.settle).toBe(0);
  });

  it("keys hold no address and no header in the clear, and end by themselves", async () => {
    const { gateway, redis } = world();
    const secret = randomUUID();
    await fetch(`${gateway.url}/limited/twice`, { headers: { "x-client": secret } });
    expect(JSON.stringify(redis.requests)).not.toContain(secret.slice(0, 8));
    expect(JSON.stringify(redis.requests)).toContain("test:rl:GET /limited/twice:burst:");
  });
}
