/** The response cache: what is handed out to whom, what is paid for it, and what never is kept. */
import { expect, it } from "vitest";
import { testAccount } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import type { Script } from "../../dev/upstream.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { sign } from "../fixtures/sign.ts";
import { ADMIN_TOKEN } from "../fixtures/tollbooth.config.ts";
import type { World } from "../fixtures/world.ts";

const FRESH = { "cache-control": "max-age=60" };
const numbered =
  (headers: Record<string, string | string[]> = FRESH): Script =>
  (nth) => ({ headers, body: `answer ${nth}` });

export function cachingTests(world: () => World, runtime: Runtime): void {
  let names = 0;
  /** The edge runtime's local server sends every body in chunks. */
  const length = runtime === "vercel" ? null : "8";

  /** A path that no other test has asked for, and what its upstream says. */
  function scripted(script: Script): { name: string; asked: () => number } {
    const name = `s${process.pid}-${names++}`;
    world().upstream.script.set(`/${name}`, script);
    return { name, asked: () => world().upstream.count(`/${name}`) };
  }
  const get = (path: string, init: RequestInit = {}) => fetch(world().gateway.url + path, init);
  /** The answer's body and what the cache did; asks again until what was stored in the background is there. */
  const read = async (path: string, init?: RequestInit) => {
    const response = await get(path, init);
    return [await response.text(), response.headers.get("x-cache-status")];
  };
  const settled = (path: string, init?: RequestInit) =>
    expect.poll(async () => (await read(path, init))[1], { timeout: 5000 }).toBe("HIT");

  it("an answer that was fetched for one is handed out to all, with its age and what the cache did", async () => {
    const { name, asked } = scripted(numbered());
    const first = await get(`/cache/free/${name}`);
    expect([await first.text(), first.headers.get("x-cache-status")]).toEqual(["answer 1", "MISS"]);
    expect(first.headers.get("cache-status")).toBe("Tollbooth; fwd=uri-miss; fwd-status=200; stored");
    await settled(`/cache/free/${name}`);
    const next = await get(`/cache/free/${name}`);
    expect([await next.text(), next.headers.get("x-cache-status")]).toEqual(["answer 1", "HIT"]);
    expect(next.headers.get("cache-status")).toMatch(/^Tollbooth; hit; ttl=(?:60|5\d)$/);
    expect(next.headers.get("age")).toMatch(/^\d$/);
    expect(next.headers.get("content-length")).toBe(length);
    expect(asked()).toBe(1);
  });

  it("a hit waits for the store once, and for nobody else", async () => {
    const { name, asked } = scripted(numbered());
    await get(`/cache/free/${name}`).then((answer) => answer.text());
    await settled(`/cache/free/${name}`);
    await expect.poll(() => world().redis.requestCount).toBeGreaterThan(0);
    world().redis.resetCounters();
    await get(`/cache/free/${name}`).then((answer) => answer.text());
    expect([world().redis.requestCount, asked()]).toEqual([1, 1]);
  });

  it.each(["paid", "late"])(
    "who is handed a kept answer has paid for it (%s), and no cache outside may keep it",
    async (how) => {
      const { name, asked } = scripted(numbered({ "cache-control": "public, max-age=60, s-maxage=90" }));
      const path = `/cache/${how}/${name}`;
      expect(await (await world().pay(path)).text()).toBe("answer 1");
      await expect
        .poll(async () => {
          const paid = await world().pay(path);
          expect(await paid.text()).toBe("answer 1");
          expect(paid.headers.get("payment-response")).not.toBeNull();
          expect(paid.headers.get("cache-control")).toBe("private, max-age=60");
          return paid.headers.get("x-cache-status");
        })
        .toBe("HIT");
      expect(asked()).toBe(1);
      expect((await get(path)).status).toBe(402);
      expect(world().facilitator.counts.settle).toBeGreaterThan(1);
    },
  );

  it("a paid hit waits for the store once before money moves", async () => {
    const { name } = scripted(numbered());
    const path = `/cache/paid/${name}`;
    await world()
      .pay(path)
      .then((answer) => answer.text());
    await expect
      .poll(async () => {
        const paid = await world().pay(path);
        await paid.text();
        return paid.headers.get("x-cache-status");
      })
      .toBe("HIT");
    const payment = await sign(await world().quote(path));
    const { redis, facilitator } = world();
    let before = 0;
    facilitator.on.settle = ({ paymentPayload }) => {
      before = redis.requestCount;
      const { from, nonce } = paymentPayload.payload.authorization;
      return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
    };
    await expect
      .poll(() => redis.requests.filter(({ commands }) => commands.flat().includes("delivered")).length)
      .toBeGreaterThan(1);
    redis.resetCounters();
    const answer = await world().present(path, payment);
    expect([answer.status, answer.headers.get("x-cache-status"), before]).toEqual([200, "HIT", 1]);
    await answer.text();
  });

  it("an answer that is kept costs nothing where the route says so; one that is not has its price", async () => {
    const { name, asked } = scripted(numbered());
    const path = `/cache/gift/${name}`;
    expect((await get(path)).status).toBe(402);
    expect(await (await world().pay(path)).text()).toBe("answer 1");
    await expect.poll(async () => (await get(path)).status).toBe(200);
    const gift = await get(path);
    expect([await gift.text(), gift.headers.get("x-cache-status")]).toEqual(["answer 1", "HIT"]);
    expect(gift.headers.get("cache-control")).toMatch(/^private/);
    expect(gift.headers.get("payment-response")).toBeNull();
    expect([asked(), world().facilitator.counts.settle]).toEqual([1, 1]);
    // A payment that comes all the same is not taken, and buys another call.
    const { name: other } = scripted(numbered());
    const payment = await sign(await world().quote(`/cache/gift/${other}`));
    expect((await world().present(path, payment)).status).toBe(200);
    expect(world().facilitator.counts.settle).toBe(1);
  });

  it("an answer that is kept has its own price where the route says so, and is not sold for it when it is gone", async () => {
    const { name, asked } = scripted(numbered({ "cache-control": "max-age=2" }));
    const path = `/cache/half/${name}`;
    const full = await world().quote(path);
    expect(full.amount).toBe("10000");
    const second = await sign(full);
    expect(await (await world().pay(path)).text()).toBe("answer 1");
    await expect.poll(async () => (await world().quote(path)).amount).toBe("4000");
    const half = await world().quote(path);
    const paid = await world().present(path, await sign(half));
    expect([paid.status, await paid.text(), paid.headers.get("x-cache-status")]).toEqual([
      200,
      "answer 1",
      "HIT",
    ]);
    const cheap = await sign(half);
    await expect.poll(async () => (await world().quote(path)).amount, { timeout: 5000 }).toBe("10000");
    const late = await world().present(path, cheap);
    expect([late.status, ((await late.json()) as { reason: string }).reason, asked()]).toEqual([
      402,
      "price_has_changed",
      1,
    ]);
    expect(world().facilitator.counts.settle).toBe(2);
    expect(await (await world().present(path, second)).text()).toBe("answer 2");
  });

  it.each([
    ["while it is asked for anew", "max-age=1, stale-while-revalidate=60", {}],
    ["because the client would take it", "max-age=1", { "cache-control": "max-stale" }],
  ])(
    "an answer that is stale is not sold for less, %s: nobody makes the upstream work unpaid",
    async (_, said, headers) => {
      const { name, asked } = scripted(numbered({ "cache-control": said, etag: '"v"' }));
      const path = `/cache/gift/${name}`;
      await (await world().pay(path)).text();
      await expect.poll(async () => (await get(path, { headers })).status).toBe(200);
      await expect.poll(async () => (await get(path, { headers })).status, { timeout: 5000 }).toBe(402);
      expect([asked(), world().facilitator.counts.settle]).toEqual([1, 1]);
      const paid = await world().pay(path, { headers });
      expect([await paid.text(), paid.headers.get("x-cache-status")]).toEqual(["answer 1", "STALE"]);
      await expect.poll(asked).toBe(2);
      expect(world().facilitator.counts.settle).toBe(2);
    },
  );

  it("a call that brings nothing to pay with holds up nobody who does", async () => {
    const { name } = scripted(numbered());
    const { redis } = world();
    expect((await get(`/cache/gift/${name}`)).status).toBe(402);
    const leases = redis.requests.flatMap(({ commands }) => commands.map((command) => command[6]));
    expect(leases).toEqual(["0"]);
  });

  it("a call on a credit is answered from the cache, and draws its credit", async () => {
    const { name, asked } = scripted(numbered());
    const path = `/cache/credits/${name}`;
    const bought = await world().pay(path);
    await bought.text();
    const session = { headers: { "tollbooth-session": bought.headers.get("tollbooth-session") ?? "" } };
    await expect
      .poll(() => world().redis.requests.some(({ commands }) => commands.flat().includes("delivered")))
      .toBe(true);
    const next = await get(path, session);
    expect([await next.text(), next.headers.get("x-tollbooth-credits-remaining"), asked()]).toEqual([
      "answer 1",
      "1",
      1,
    ]);
  });

  it("a credit can be given back for as long as its call may wait for another one, and then ask for itself", async () => {
    const { name } = scripted(numbered());
    const path = `/cache/credits/${name}`;
    const bought = await world().pay(path, { headers: { "x-tollbooth-top-up": "1" } });
    await bought.text();
    const { redis } = world();
    await world().reset();
    await get(path, { headers: { "tollbooth-session": bought.headers.get("tollbooth-session") ?? "" } });
    const draws = redis.requests
      .flatMap(({ commands }) => commands)
      .filter((command) => command.length === 8);
    expect(draws.map((command) => command.at(-1))).toEqual([String(5000 + 1500 + 60_000)]);
  });

  it.each([
    ["no-store", { "cache-control": "no-store, max-age=60" }],
    ["private", { "cache-control": "private, max-age=60" }],
    ["private with fields", { "cache-control": 'max-age=60, private="x-user"' }],
    ["Set-Cookie", { ...FRESH, "set-cookie": "id=1" }],
    ["Vary: *", { ...FRESH, vary: "Accept, *" }],
    ["nothing that says how long", {}],
    ["an end in the past", { expires: "0" }],
    ["an age beyond its freshness", { ...FRESH, age: "61" }],
    ["nothing to ask about it with", { "cache-control": "no-cache" }],
    ["too many tags", { ...FRESH, "cache-tag": Array.from({ length: 65 }, (_, i) => `t${i}`).join() }],
  ] as const)("an answer is asked for by each where it is not for everybody: %s", async (_, headers) => {
    const { name, asked } = scripted(numbered(headers));
    for (const nth of [1, 2, 3]) {
      const answer = await get(`/cache/free/${name}`);
      expect([await answer.text(), answer.headers.get("x-cache-status")]).toEqual([`answer ${nth}`, "MISS"]);
      expect(answer.headers.get("cache-status")).not.toContain("stored");
    }
    expect(asked()).toBe(3);
  });

  it.each([
    "authorization",
    "cookie",
    "x-api-key",
    "x-authorization",
    "private-token",
    "x-shopify-access-token",
    "x-auth-request-email",
    "x-tenant-id",
    "dpop",
  ])("what was answered to somebody with credentials (%s) is nobody else's", async (header) => {
    const { name } = scripted((nth, request) => ({
      headers: FRESH,
      body: `${request.headers[header] ?? "nobody"} ${nth}`,
    }));
    const path = `/cache/own/${name}`;
    const as = (who: string) => ({ headers: { [header]: who } });
    expect(await read(path, as("alice"))).toEqual(["alice 1", "MISS"]);
    expect(await read(path, as("bob"))).toEqual(["bob 2", "MISS"]);
    expect((await read(path))[0]).toBe("nobody 3");
    await settled(path);
    expect((await read(path, as("alice")))[0]).toMatch(/^alice/);
  });

  it("what a browser says of itself is no credential", async () => {
    const { name } = scripted(numbered());
    const headers = { "user-agent": "a browser", "sec-fetch-user": "?1", "idempotency-key": "7" };
    await read(`/cache/free/${name}`);
    await settled(`/cache/free/${name}`, { headers });
  });

  it("an upstream may say that an answer is for everybody all the same", async () => {
    const { name, asked } = scripted(numbered({ "cache-control": "public, max-age=60" }));
    const as = { headers: { authorization: "Bearer alice" } };
    await read(`/cache/free/${name}`, as);
    await settled(`/cache/free/${name}`);
    await settled(`/cache/free/${name}`, as);
    expect(asked()).toBe(1);
  });

  it("answers that differ by a request header are told apart", async () => {
    const { name, asked } = scripted((nth, { headers }) => ({
      headers: { ...FRESH, vary: "Accept-Language" },
      body: `${headers["accept-language"]} ${nth}`,
    }));
    const path = `/cache/free/${name}`;
    const as = (language: string) => ({ headers: { "accept-language": language } });
    await read(path, as("pt"));
    await settled(path, as("pt"));
    expect((await read(path, as("de")))[0]).toBe("de 2");
    await settled(path, as("de"));
    expect([await read(path, as("pt")), await read(path, as("de")), asked()]).toEqual([
      ["pt 1", "HIT"],
      ["de 2", "HIT"],
      2,
    ]);
  });

  it("calls of one path that have different prices do not share answers", async () => {
    const { name } = scripted((nth, { headers }) => ({
      headers: FRESH,
      body: `${headers["x-tier"]} ${nth}`,
    }));
    const path = `/cache/tiers/${name}`;
    const as = (tier: string) => ({ headers: { "x-tier": tier } });
    await read(path, as("free"));
    await settled(path, as("free"));
    expect(await (await world().pay(path, as("gold"))).text()).toBe("gold 2");
    expect(await (await world().pay(path, as("silver"))).text()).toBe("silver 3");
    expect(await read(path, as("free"))).toEqual(["free 1", "HIT"]);
  });

  it("what of the query does not tell answers apart does not reach the upstream", async () => {
    const { name, asked } = scripted((nth, { url }) => ({ headers: FRESH, body: `${url} ${nth}` }));
    const path = `/cache/some/${name}`;
    expect((await read(`${path}?utm=1&sort=a&page=2`))[0]).toBe(`/${name}?page=2&sort=a 1`);
    await settled(`${path}?page=2&evil=%3Cscript%3E&sort=a`);
    expect((await read(`${path}?page=3`))[0]).toBe(`/${name}?page=3 2`);
    expect(asked()).toBe(2);
  });

  it("a route's own header tells answers apart though the upstream does not say so", async () => {
    const { name } = scripted((nth, { headers }) => ({
      headers: FRESH,
      body: `${headers["x-tenant"]} ${nth}`,
    }));
    const as = (tenant: string) => ({ headers: { "x-tenant": tenant } });
    await read(`/cache/some/${name}`, as("a"));
    await settled(`/cache/some/${name}`, as("a"));
    expect((await read(`/cache/some/${name}`, as("b")))[0]).toBe("b 2");
  });

  it("a client that has the answer gets 304, and HEAD its fields without a body", async () => {
    const { name, asked } = scripted(numbered({ ...FRESH, etag: '"v1"', "content-type": "text/plain" }));
    const path = `/cache/free/${name}`;
    // `fetch` adds no-cache to a condition of its caller's.
    const ask = () => rawRequest(world().gateway.url, path, { headers: { "if-none-match": 'W/"v0", "v1"' } });
    const miss = await ask();
    expect([miss.status, miss.headers.etag]).toEqual([304, '"v1"']);
    await settled(path);
    const hit = await ask();
    expect([hit.status, hit.body, hit.headers["x-cache-status"]]).toEqual([304, "", "HIT"]);
    const head = await get(path, { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("content-length")]).toEqual([200, "", length]);
    expect(asked()).toBe(1);
  });

  it("304 is for GET, and not where the body is what is charged for", async () => {
    const { name, asked } = scripted(numbered());
    const headers = { "if-none-match": "*" };
    const posted = await rawRequest(world().gateway.url, `/cache/post/${name}`, { method: "POST", headers });
    expect(posted.status).toBe(200);
    const path = `/cache/metered/${name}`;
    const payment = await payWithPermit((await world().quote(path)) as PaymentRequirements);
    const answer = await world().present(path, payment, { headers });
    expect([answer.status, await answer.text(), asked()]).toEqual([200, "answer 2", 2]);
    await expect.poll(() => world().facilitator.asked.settle?.paymentRequirements.amount).toBe("8000");
  });

  it("an answer that is no longer fresh is asked about, and kept on when it is still good", async () => {
    const { name, asked } = scripted((nth, { headers }) =>
      headers["if-none-match"] === '"v1"'
        ? { status: 304, headers: { "cache-control": "max-age=60", etag: '"v1"', "x-nth": String(nth) } }
        : { headers: { "cache-control": "max-age=1", etag: '"v1"' }, body: `answer ${nth}` },
    );
    const path = `/cache/free/${name}`;
    await read(path);
    await expect.poll(async () => (await read(path))[1], { timeout: 5000 }).toBe("REVALIDATED");
    await settled(path);
    const kept = await get(path);
    expect([await kept.text(), kept.headers.get("x-nth"), asked()]).toEqual(["answer 1", "2", 2]);
  });

  it.each(["free", "apart"])(
    "a stale answer is handed out while it is asked for anew, where it says so: %s",
    async (how) => {
      const { name, asked } = scripted(numbered({ "cache-control": "max-age=1, stale-while-revalidate=60" }));
      const path = `/cache/${how}/${name}`;
      await read(path);
      // Where nobody waits for another, one that asks before it is stored would ask for itself.
      const isStored = () =>
        world().redis.requests.some(({ commands }) => commands.flat().includes("+answer 1"));
      await expect.poll(isStored).toBe(true);
      await expect.poll(() => read(path), { timeout: 5000 }).toEqual(["answer 1", "STALE"]);
      await expect.poll(() => read(path)).toEqual(["answer 2", "HIT"]);
      expect(asked()).toBe(2);
    },
  );

  it.each(["answers 503", "breaks the connection"])(
    "a stale answer stands in for an upstream that %s",
    async (how) => {
      const { name } = scripted((nth) =>
        nth === 1
          ? { headers: { "cache-control": "max-age=1" }, body: "answer 1" }
          : how === "answers 503"
            ? { status: 503 }
            : { breakOff: true, ms: 5000 },
      );
      const path = `/cache/stale/${name}`;
      await read(path);
      await settled(path);
      await expect
        .poll(
          async () => {
            const answer = await get(path);
            return [answer.status, await answer.text(), answer.headers.get("x-cache-status")];
          },
          { timeout: 8000 },
        )
        .toEqual([200, "answer 1", "STALE"]);
    },
  );

  it("must-revalidate is heeded: an upstream that fails is not papered over", async () => {
    const { name } = scripted((nth) =>
      nth === 1
        ? { headers: { "cache-control": "max-age=1, must-revalidate" }, body: "answer 1" }
        : { status: 503 },
    );
    const path = `/cache/stale/${name}`;
    await read(path);
    await settled(path);
    await expect.poll(async () => (await get(path)).status, { timeout: 5000 }).toBe(503);
  });

  it.each([
    ["no-cache", "MISS"],
    ["max-age=0", "MISS"],
    ["no-store", "BYPASS"],
  ])("a client may ask for an answer anew: %s", async (directive, word) => {
    const { name } = scripted(numbered());
    const path = `/cache/free/${name}`;
    await read(path);
    await settled(path);
    expect(await read(path, { headers: { "cache-control": directive } })).toEqual(["answer 2", word]);
  });

  it("only-if-cached is answered 504 before money moves, and from what is kept", async () => {
    const { name, asked } = scripted(numbered());
    const path = `/cache/paid/${name}`;
    const only = { headers: { "cache-control": "only-if-cached" } };
    const refused = await world().pay(path, only);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([504, "not_cached"]);
    expect([asked(), world().facilitator.counts.settle]).toEqual([0, 0]);
    await world()
      .pay(path)
      .then((answer) => answer.text());
    await expect.poll(async () => (await world().pay(path, only)).status).toBe(200);
    expect(asked()).toBe(1);
  });

  it("an answer that broke off is not kept", async () => {
    const { name } = scripted((nth) =>
      nth === 1
        ? { headers: FRESH, body: "half an ans", breakOff: true }
        : { headers: FRESH, body: `answer ${nth}` },
    );
    const path = `/cache/free/${name}`;
    await get(path)
      .then((answer) => answer.text())
      .catch(() => undefined);
    expect((await read(path))[0]).toBe("answer 2");
    await settled(path);
    expect((await read(path))[0]).toBe("answer 2");
  });

  it("an answer that is too long is handed on, and not kept", async () => {
    const body = "x".repeat(65_537);
    const { name, asked } = scripted((nth) => ({
      headers: { ...FRESH, ...(nth === 1 ? {} : { "transfer-encoding": "chunked" }) },
      body,
    }));
    for (const _ of [1, 2]) {
      const answer = await world().pay(`/cache/paid/${name}`);
      expect((await answer.text()).length).toBe(65_537);
    }
    expect(asked()).toBe(2);
  });

  it("a client that leaves does not keep the answer from the others", async () => {
    const { name, asked } = scripted((nth) => ({ headers: FRESH, body: `answer ${nth}`, ms: 400 }));
    const path = `/cache/free/${name}`;
    const leaving = new AbortController();
    const left = get(path, { signal: leaving.signal }).catch(() => "left");
    await expect.poll(asked).toBe(1);
    leaving.abort();
    expect(await left).toBe("left");
    expect((await read(path))[0]).toBe("answer 1");
    expect(asked()).toBe(1);
  });

  it("an upstream is let go whose answer is for one only, and that one has left", async () => {
    const body = "x".repeat(16 * 1_048_576);
    const { name, asked } = scripted(() => ({ headers: { "cache-control": "no-store" }, body, ms: 400 }));
    const leaving = new AbortController();
    const left = get(`/cache/free/${name}`, { signal: leaving.signal }).catch(() => "left");
    await expect.poll(asked).toBe(1);
    leaving.abort();
    expect(await left).toBe("left");
    const { upstream } = world();
    await expect.poll(() => upstream.requests.at(-1)?.closedEarly, { timeout: 5000 }).toBe(true);
  });

  it("bytes that are no text come back as they were", async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
    const { name } = scripted(() => ({ headers: { ...FRESH, "content-type": "image/png" }, body: bytes }));
    const path = `/cache/free/${name}`;
    await read(path);
    await settled(path);
    const kept = await get(path);
    expect(new Uint8Array(await kept.arrayBuffer())).toEqual(bytes);
    expect(kept.headers.get("content-type")).toBe("image/png");
  });

  it("many who ask the same at once are served by one request to the upstream", async () => {
    const { name, asked } = scripted((nth) => ({ headers: FRESH, body: `answer ${nth}`, ms: 300 }));
    const path = `/cache/free/${name}`;
    const all = await Promise.all(Array.from({ length: 30 }, () => read(path)));
    expect(new Set(all.map(([body]) => body))).toEqual(new Set(["answer 1"]));
    expect(asked()).toBe(1);
  });

  it("an upstream that fails the first of many frees the others", async () => {
    const { name, asked } = scripted((nth) =>
      nth === 1 ? { status: 500, ms: 200 } : { headers: FRESH, body: `answer ${nth}` },
    );
    const path = `/cache/free/${name}`;
    const all = await Promise.all(
      Array.from({ length: 10 }, () => get(path).then((answer) => answer.status)),
    );
    expect(all.filter((status) => status === 200).length).toBe(9);
    expect(asked()).toBe(2);
  });

  it("a buyer whose payment fails frees the others, and none of them waits for nothing", async () => {
    const { name, asked } = scripted(numbered());
    const path = `/cache/paid/${name}`;
    const terms = await world().quote(path);
    const [poor, rich] = [await sign(terms, testAccount(901)), await sign(terms, testAccount(902))];
    const { facilitator } = world();
    let failing: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      failing = resolve;
    });
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    facilitator.on.settle = async ({ paymentPayload }) => {
      const { from, nonce } = paymentPayload.payload.authorization;
      const told = { transaction: nonce, network: "eip155:84532", payer: from };
      if (from !== testAccount(901).address) return { json: { success: true, ...told } };
      failing();
      await ended;
      return { json: { success: false, errorReason: "insufficient_funds", ...told, transaction: "" } };
    };
    const first = world().present(path, poor);
    await begun;
    const second = world().present(path, rich);
    await expect.poll(() => facilitator.counts.settle).toBe(2);
    expect(asked()).toBe(0);
    end();
    expect((await first).status).toBe(402);
    expect([(await second).status, await (await second).text(), asked()]).toEqual([200, "answer 1", 1]);
  });

  it("who has waited long enough asks for itself; where nobody is to wait, all do", async () => {
    const { name, asked } = scripted((nth) => ({
      headers: FRESH,
      body: `answer ${nth}`,
      ms: nth === 1 ? 1400 : 0,
    }));
    const slow = read(`/cache/brief/${name}`);
    await expect.poll(asked).toBe(1);
    expect((await read(`/cache/brief/${name}`))[0]).toBe("answer 2");
    await slow;
    const { name: other, asked: others } = scripted((nth) => ({
      headers: FRESH,
      body: `answer ${nth}`,
      ms: 300,
    }));
    await Promise.all([1, 2, 3].map(() => read(`/cache/apart/${other}`)));
    expect(others()).toBe(3);
  });

  it.each(["no-store", "no-cache"])(
    "answers that cannot be shared (%s) are not waited for one after the other",
    async (said) => {
      const { name, asked } = scripted((nth) => ({
        headers: { "cache-control": said },
        body: `answer ${nth}`,
        ms: 200,
      }));
      const began = Date.now();
      await Promise.all(Array.from({ length: 12 }, () => read(`/cache/free/${name}`)));
      expect(asked()).toBe(12);
      expect(Date.now() - began).toBeLessThan(12 * 200);
    },
  );

  it("a write to the same URL makes what was kept go away", async () => {
    const { name } = scripted(numbered());
    const path = `/cache/free/${name}`;
    await read(path);
    await settled(path);
    await get(path, { method: "PUT", body: "new" }).then((answer) => answer.text());
    expect((await read(path))[0]).toBe("answer 3");
  });

  it("POST is told apart by its body, where the route keeps its answers", async () => {
    const { name, asked } = scripted(numbered());
    const post = (path: string, body: string) => ({
      path,
      init: { method: "POST", body, headers: { "content-type": "text/plain" } },
    });
    const { path, init } = post(`/cache/post/${name}`, "a");
    await read(path, init);
    await settled(path, init);
    expect((await read(path, post(path, "b").init))[0]).toBe("answer 2");
    expect(asked()).toBe(2);
    // And a payment for one body does not buy another.
    const { name: sold } = scripted(numbered());
    const one = post(`/cache/sold-post/${sold}`, "a");
    const payment = await sign(await world().quote(one.path, one.init));
    expect((await world().present(one.path, payment, one.init)).status).toBe(200);
    expect((await world().present(one.path, payment, post(one.path, "b").init)).status).toBe(409);
  });

  it("POST is never asked with a condition: a strict upstream would refuse what the client has paid for", async () => {
    const { name } = scripted((nth, { headers }) =>
      "if-none-match" in headers
        ? { status: 412 }
        : { headers: { "cache-control": "max-age=1", etag: '"v1"' }, body: `answer ${nth}` },
    );
    const ask = async () => {
      const answer = await get(`/cache/post/${name}`, { method: "POST", body: "a" });
      return [answer.status, await answer.text()];
    };
    expect(await ask()).toEqual([200, "answer 1"]);
    await expect.poll(ask, { timeout: 5000 }).not.toEqual([200, "answer 1"]);
    expect(await ask()).toEqual([200, "answer 2"]);
  });

  const purge = (wish: unknown, token = ADMIN_TOKEN) =>
    get("/__tollbooth/cache/purge", {
      method: "POST",
      body: JSON.stringify(wish),
      headers: { authorization: `Bearer ${token}` },
    });

  it.each(["routes", "urls", "tags", "all"])(
    "what is purged is not handed out again, nor kept when it was under way: by %s",
    async (by) => {
      const { name, asked } = scripted((nth) => ({
        headers: { ...FRESH, "cache-tag": `one, tag-of-${name}` },
        body: `answer ${nth}`,
        ms: nth === 2 ? 500 : 0,
      }));
      const path = `/cache/free/${name}`;
      const wish = {
        routes: { routes: ["GET /cache/free/*"] },
        urls: { urls: [`${world().gateway.url}${path}`] },
        tags: { tags: [`tag-of-${name}`] },
        all: { all: true },
      }[by];
      await read(path);
      await settled(path);
      expect((await purge(wish)).status).toBe(200);
      // Asked for before the next purge, and there only after it.
      const underWay = read(path);
      await expect.poll(asked).toBe(2);
      expect((await purge(wish)).status).toBe(200);
      expect((await read(path))[0]).toBe("answer 3");
      expect((await underWay)[0]).toBe("answer 2");
      await settled(path);
      expect((await read(path))[0]).toBe("answer 3");
    },
  );

  it.each(["tags", "routes"])(
    "what is purged does not come back because the upstream says then that it has not changed: by %s",
    async (by) => {
      const { name } = scripted((nth, { headers }) =>
        "if-none-match" in headers
          ? { status: 304, headers: { "cache-control": "no-cache", etag: '"v"' } }
          : {
              headers: { "cache-control": "no-cache", etag: '"v"', "cache-tag": `t-${name}` },
              body: `answer ${nth}`,
            },
      );
      const path = `/cache/paid/${name}`;
      const word = async () => {
        const answer = await world().pay(path);
        await answer.text();
        return answer.headers.get("x-cache-status");
      };
      await expect.poll(word).toBe("REVALIDATED");
      world().facilitator.on.settle = async ({ paymentPayload }) => {
        const wish = by === "tags" ? { tags: [`t-${name}`] } : { routes: ["GET /cache/paid/*"] };
        expect((await purge(wish)).status).toBe(200);
        const { from, nonce } = paymentPayload.payload.authorization;
        return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
      };
      const { redis } = world();
      const renewed = () =>
        redis.requests.some(({ commands }) => commands.flat().some((arg) => /^=./.test(arg)));
      await expect.poll(renewed).toBe(true);
      redis.resetCounters();
      // It was found before the purge, and the upstream is asked about it after that.
      await word();
      world().facilitator.on = {};
      await expect.poll(renewed).toBe(true);
      expect(await word()).toBe("MISS");
    },
  );
  it("an answer that was found still good goes with its tags all the same", async () => {
    const { name } = scripted((nth, { headers }) => ({
      status: headers["if-none-match"] === '"v1"' ? 304 : 200,
      headers: {
        "cache-control": "max-age=1",
        etag: '"v1"',
        ...(nth === 1 ? { "cache-tag": `of-${name}` } : {}),
      },
      body: `answer ${nth}`,
    }));
    const path = `/cache/free/${name}`;
    await read(path);
    await expect.poll(async () => (await read(path))[1], { timeout: 5000 }).toBe("REVALIDATED");
    await settled(path);
    expect((await purge({ tags: [`of-${name}`] })).status).toBe(200);
    expect((await read(path))[1]).toBe("MISS");
  });

  it("a tag is for the gateway: clients do not see it", async () => {
    const { name } = scripted(numbered({ ...FRESH, "cache-tag": "secret" }));
    const path = `/cache/free/${name}`;
    expect((await get(path)).headers.get("cache-tag")).toBeNull();
    const past = await get(path, { headers: { "cache-control": "no-store" } });
    expect([past.headers.get("x-cache-status"), past.headers.get("cache-tag")]).toEqual(["BYPASS", null]);
    world().redis.set("hang", { times: 1 });
    expect((await get(path)).headers.get("cache-tag")).toBeNull();
    await settled(path);
    expect((await get(path)).headers.get("cache-tag")).toBeNull();
  });

  it("only who has the operators' token may purge, and what is not understood is said", async () => {
    const answers = await Promise.all([
      purge({ all: true }, "operators-only-0123456780"),
      get("/__tollbooth/cache/purge", { method: "POST", body: "{}" }),
      purge({ every: true }),
      purge({}),
      purge({ routes: ["GET /none"] }),
      purge({ urls: [`${world().gateway.url}/weather`] }),
      get("/__tollbooth/cache/purge", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }),
    ]);
    const told = await Promise.all(
      answers.map(async (answer) => [answer.status, ((await answer.json()) as { code: string }).code]),
    );
    expect(told).toEqual([
      [401, "admin_unauthorized"],
      [401, "admin_unauthorized"],
      [400, "purge_invalid"],
      [400, "purge_invalid"],
      [400, "purge_invalid"],
      [400, "purge_invalid"],
      [405, "method_not_allowed"],
    ]);
  });

  it("a long body may come from near the isolate; whether it is handed out is the store's to say", async () => {
    const body = "long ".repeat(10_000);
    const { name, asked } = scripted((nth) => ({ headers: FRESH, body: `${nth} ${body}` }));
    const path = `/cache/colo/${name}`;
    await read(path);
    await settled(path);
    const { redis } = world();
    // workerd by itself has no such place: the body is asked for (test/runtime/colo.test.ts is about Workers).
    redis.resetCounters();
    expect((await read(path))[0]).toBe(`1 ${body}`);
    expect(redis.requestCount).toBe(runtime === "workers" ? 2 : 1);
    await purge({ tags: [], urls: [`${world().gateway.url}${path}`] });
    expect((await read(path))[0]).toBe(`2 ${body}`);
    expect(asked()).toBe(2);
  });

  it("who wants nothing but what is kept does not get the upstream's when the store, or the request, says nothing of that", async () => {
    const { name, asked } = scripted(numbered());
    const ask = async (headers: Record<string, string>) =>
      (await get(`/cache/free/${name}`, { headers })).status;
    world().redis.set("hang", { times: 1 });
    expect(await ask({ "cache-control": "only-if-cached" })).toBe(504);
    expect(await ask({ "cache-control": "only-if-cached, no-store" })).toBe(504);
    expect(await ask({ "cache-control": "only-if-cached", range: "bytes=0-1" })).toBe(504);
    expect(asked()).toBe(0);
  });

  it("without the store's answer to it a call goes on as if there were no cache", async () => {
    const { name, asked } = scripted(numbered());
    world().redis.set("hang", { times: 1 });
    const answer = await get(`/cache/free/${name}`);
    expect([answer.status, asked()]).toEqual([200, 1]);
  });
}
