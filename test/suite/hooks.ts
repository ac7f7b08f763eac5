import { describe, expect, it } from "vitest";
import { decode, sign } from "../fixtures/sign.ts";
import type { World } from "../fixtures/world.ts";

const KIB = 1024;

/** The operator's own code on the way of a call: when it is heard, what it can do, and what it cannot break. */
export function hookTests(world: () => World): void {
  const wishing = (wish: string, init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { "x-hooks": wish },
  });
  /** Pays for a call whose hooks shall do so. */
  const pay = async (path: string, wish = "", init?: RequestInit) => {
    const payment = await sign(await world().quote(path, init));
    world().upstream.requests.length = 0;
    const again = () => world().present(path, payment, wishing(wish, init));
    return { answer: await again(), again, payment };
  };
  /** The upstream's requests, in order: names of hooks, and paths of forwarded calls. */
  const steps = () =>
    world().upstream.requests.map(({ url }) => queryOf(url).get("hook") ?? url.split("?")[0]);
  const told = (hook: string) =>
    world()
      .upstream.requests.map(({ url }) => queryOf(url))
      .filter((query) => query.get("hook") === hook);
  const settled = () => world().facilitator.counts.settle;

  describe("order", () => {
    const before = ["onRequest", "onPriceResolved", "onSettled", "/weather", "onResponse"];
    const late = ["onRequest", "onPriceResolved", "/weather", "onResponse", "onSettled"];
    it.each([
      ["before-response", "/hooks/before/weather", before, 2],
      ["after-response", "/hooks/late/weather", late, 4],
    ])(
      "%s: the settlement is where it belongs, and its hook right behind it",
      async (_, path, expected, at) => {
        let seen = -1;
        world().facilitator.on.settle = ({ paymentPayload }) => {
          seen = steps().length;
          const { from, nonce } = paymentPayload.payload.authorization;
          return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
        };
        const { answer } = await pay(path);
        expect(answer.status).toBe(200);
        expect([steps(), seen]).toEqual([expected, at]);
        const [paid] = told("onSettled");
        const { payer, transaction } = decode(answer.headers.get("payment-response"));
        expect(paid?.get("paid")).toBe(`10000 ${payer} ${transaction}`);
        expect(told("onPriceResolved")[0]?.get("prices")).toBe("10000");
      },
    );

    it("without a payment: the request and the price are heard, then 402", async () => {
      const response = await fetch(`${world().gateway.url}/hooks/before/weather`);
      expect([response.status, steps()]).toEqual([402, ["onRequest", "onPriceResolved"]]);
    });

    it("a free call has a price of nothing, and nothing to settle", async () => {
      const response = await fetch(`${world().gateway.url}/hooks/free/weather`);
      expect([response.status, steps()]).toEqual([
        200,
        ["onRequest", "onPriceResolved", "/weather", "onResponse"],
      ]);
      expect(told("onPriceResolved")[0]?.get("prices")).toBe("");
    });

    it("what was paid earlier is not settled again, and onSettled is not called again", async () => {
      const { answer, again } = await pay("/hooks/before/status/503");
      expect([answer.status, settled(), told("onSettled").length]).toEqual([503, 1, 1]);
      await answer.arrayBuffer();
      await expect.poll(async () => (await again()).status).toBe(503);
      expect([settled(), told("onSettled").length]).toEqual([1, 1]);
      expect(told("onResponse").at(-1)?.get("paid")).toMatch(/^10000 0x/);
    });
  });

  describe("a body that cannot be read to its end", () => {
    const long = { method: "POST", body: "x".repeat(1_048_577) };

    it.each(["onRequest", "onPriceResolved"])(
      "refuses the call before money moves, also when %s does not mind",
      async (hook) => {
        const { answer } = await pay("/hooks/before/echo", `${hook}=try-body`, long);
        expect(answer.status).toBe(413);
        expect([settled(), world().redis.requestCount, steps().includes("/echo")]).toEqual([0, 0, false]);
      },
    );

    it("is not begun to be read once money may have moved", async () => {
      const { answer } = await pay("/hooks/before/echo", "onSettled=try-body", long);
      expect([answer.status, (await answer.text()).length, settled()]).toEqual([200, 1_048_577, 1]);
    });
  });

  describe("rejecting", () => {
    it.each(["onRequest", "onPriceResolved"])(
      "%s: answered as it says; nothing is asked of anybody, nothing is charged",
      async (hook) => {
        const { answer } = await pay("/hooks/before/weather", `${hook}=reject`);
        expect([answer.status, await answer.text()]).toEqual([418, "no tea"]);
        expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
        expect(world().redis.requestCount).toBe(0);
        expect([settled(), steps()]).toEqual([0, steps().slice(0, hook === "onRequest" ? 1 : 2)]);
      },
    );

    it("an object is JSON with 403; without a body it is a problem document with that status", async () => {
      const json = await fetch(`${world().gateway.url}/hooks/before/weather`, wishing("onRequest=json"));
      expect([json.status, json.headers.get("content-type")]).toEqual([403, "application/json"]);
      expect(await json.json()).toEqual({ why: "rules" });
      const plain = await fetch(`${world().gateway.url}/hooks/before/weather`, wishing("onRequest=plain"));
      expect(plain.status).toBe(503);
      expect(await plain.json()).toMatchObject({ code: "rejected", status: 503 });
    });

    it("onResponse, after-response: the answer is withheld and not charged, and the payment is good", async () => {
      const { answer, again } = await pay("/hooks/late/weather", "onResponse=reject");
      expect([answer.status, await answer.text(), settled()]).toEqual([418, "no tea", 0]);
      await expect.poll(async () => (await again()).status).toBe(418);
      expect(told("onError")).toEqual([]);
    });

    it("onResponse, before-response: withheld all the same, with the receipt, and owed", async () => {
      const { answer, payment } = await pay("/hooks/before/weather", "onResponse=reject");
      expect([answer.status, settled()]).toEqual([418, 1]);
      expect(decode(answer.headers.get("payment-response"))).toMatchObject({ success: true });
      const collect = () => world().present("/hooks/before/weather", payment);
      await expect.poll(async () => (await collect()).status).toBe(200);
      expect(settled()).toBe(1);
    });
  });

  describe("a hook that fails denies before money moves", () => {
    const ways = ["throw", "hang", "late", "wrong"];
    const places = [
      ["onRequest", "before"],
      ["onPriceResolved", "before"],
      ["onResponse", "late"],
      ["onResponse", "free"],
    ] as const;
    it.each(places.flatMap(([hook, place]) => ways.map((way) => [hook, way, place] as const)))(
      "%s=%s (%s): 500, not charged, and nothing of the cause",
      async (hook, way, place) => {
        const path = `/hooks/${place}/weather`;
        const free = () => fetch(world().gateway.url + path, wishing(`${hook}=${way}`));
        const answer = place === "free" ? await free() : (await pay(path, `${hook}=${way}`)).answer;
        const text = await answer.text();
        expect([answer.status, settled()]).toEqual([500, 0]);
        expect(JSON.parse(text)).toMatchObject({ code: "hook_failed" });
        expect(text).not.toContain("secret");
      },
    );

    it("onResponse under after-response: the payment can be presented again", async () => {
      const { payment } = await pay("/hooks/late/weather", "onResponse=throw");
      expect(told("onError")[0]?.get("error")).toBe("hook_failed 500");
      await expect.poll(async () => (await world().present("/hooks/late/weather", payment)).status).toBe(200);
      expect(settled()).toBe(1);
    });
  });

  describe("a hook that fails once money has moved does not keep the answer from who paid", () => {
    const ways = ["throw", "hang", "late", "wrong"];
    const places = [
      ["onSettled", "before"],
      ["onSettled", "late"],
      ["onResponse", "before"],
    ] as const;
    it.each(places.flatMap(([hook, place]) => ways.map((way) => [hook, way, place] as const)))(
      "%s=%s (%s)",
      async (hook, way, place) => {
        const { answer } = await pay(`/hooks/${place}/weather`, `${hook}=${way}`);
        expect([answer.status, settled()]).toEqual([200, 1]);
        expect(await answer.json()).toHaveProperty("city");
        expect(decode(answer.headers.get("payment-response"))).toMatchObject({ success: true });
      },
    );

    it.each(ways)("onError=%s: the call's own error", async (way) => {
      const { answer } = await pay("/hooks/dead", `onError=${way}`);
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({ code: "upstream_unreachable" });
    });
  });

  describe("not charging", () => {
    it("after-response: the answer goes out, with the reason on one line, and the payment is good", async () => {
      const { answer, payment } = await pay("/hooks/late/weather", "onResponse=unsettle");
      expect([answer.status, settled()]).toEqual([200, 0]);
      expect(await answer.json()).toHaveProperty("city");
      expect(answer.headers.get("x-tollbooth-settlement-skipped")).toBe("nothing x-forged: in it");
      expect(answer.headers.has("payment-response") || answer.headers.has("x-forged")).toBe(false);
      expect(told("onError")).toEqual([]);
      await expect.poll(async () => (await world().present("/hooks/late/weather", payment)).status).toBe(200);
      expect(settled()).toBe(1);
    });

    it("before-response: it is too late, and said nowhere", async () => {
      const { answer } = await pay("/hooks/before/weather", "onResponse=unsettle");
      expect([answer.status, settled()]).toEqual([200, 1]);
      expect(answer.headers.has("x-tollbooth-settlement-skipped")).toBe(false);
      expect(answer.headers.has("payment-response")).toBe(true);
    });
  });

  describe("the answer", () => {
    const exact = async (response: Response) => Buffer.from(await response.arrayBuffer());

    it.each(["/large?bytes=200000", "/gzip", "/events?count=3&interval=5", "/status/204"])(
      "%s is the same to the byte once a hook has read it",
      async (path) => {
        const plain = await fetch(`${world().gateway.url}/hooks/free${path}`);
        const read = await pay(`/hooks/before${path}`, "onResponse=read");
        expect(read.answer.status).toBe(plain.status);
        for (const name of ["content-type", "content-length"])
          expect(read.answer.headers.get(name)).toBe(plain.headers.get(name));
        expect((await exact(read.answer)).equals(await exact(plain))).toBe(true);
      },
    );

    it("one that is longer than a hook may read is refused to it, and arrives whole", async () => {
      const bytes = 3 * KIB * KIB + 1;
      const { answer } = await pay(`/hooks/before/large?bytes=${bytes}`, "onResponse=read-large");
      expect(answer.status).toBe(200);
      expect((await exact(answer)).byteLength).toBe(bytes);
      const denied = await pay(`/hooks/late/large?bytes=${bytes}`, "onResponse=read");
      expect([denied.answer.status, settled()]).toEqual([500, 1]);
    });

    it("one that nobody reads streams: the first event comes before the last", async () => {
      const { answer } = await pay("/hooks/before/events?count=0&interval=20");
      const reader = answer.body?.getReader();
      const first = await reader?.read();
      expect(new TextDecoder().decode(first?.value)).toContain('data: {"n":1}');
      await reader?.cancel();
    });

    it("one that a hook was still reading when its time was up goes on where it was", async () => {
      const { answer } = await pay("/hooks/before/events?count=8&interval=250", "onResponse=read-hang");
      const text = await answer.text();
      expect([...text.matchAll(/"n":(\d)/g)].map(([, n]) => Number(n))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it("a Response takes its place, with headers as an upstream's, and is charged", async () => {
      const { answer } = await pay("/hooks/late/weather", "onResponse=replace");
      expect([answer.status, await answer.text(), settled()]).toEqual([201, "better", 1]);
      expect(answer.headers.get("x-better")).toBe("1");
      expect(answer.headers.has("x-payment-response")).toBe(false);
      expect(decode(answer.headers.get("payment-response"))).toMatchObject({ success: true });
      const head = await pay("/hooks/late/weather", "onResponse=replace", { method: "HEAD" });
      expect([head.answer.status, await head.answer.text(), settled()]).toEqual([201, "", 2]);
    });

    it("a Response in place of a failure is what was bought", async () => {
      const { answer } = await pay("/hooks/late/status/500", "onResponse=replace");
      expect([answer.status, settled(), told("onError").length]).toEqual([201, 1, 0]);
    });
  });

  describe("the request's body", () => {
    it("can be read, twice, and is not taken from the upstream", async () => {
      const post = { method: "POST", body: "0123456789".repeat(10_000) };
      const shown = await fetch(`${world().gateway.url}/hooks/free/echo`, wishing("onRequest=body", post));
      expect(await shown.json()).toEqual({ text: 100_000, again: 100_000 });
      const { answer } = await pay("/hooks/before/echo", "onPriceResolved=read-body", post);
      expect(await answer.text()).toBe(post.body);
    });

    it("one that is too long is the client's failure, not the hook's", async () => {
      const post = { method: "POST", body: "x".repeat(KIB * KIB + 1) };
      const denied = await fetch(
        `${world().gateway.url}/hooks/free/echo`,
        wishing("onRequest=read-body", post),
      );
      expect(await denied.json()).toMatchObject({ code: "body_too_large" });
    });
  });

  describe("an error", () => {
    it("of a paid call: the receipt is seen, and the answer is still owed", async () => {
      const { answer, again } = await pay("/hooks/dead");
      expect(answer.status).toBe(502);
      const [failed] = told("onError");
      expect(failed?.get("error")).toBe("upstream_unreachable 502");
      expect(failed?.get("paid")).toMatch(/^10000 0x/);
      expect(failed?.has("skipped")).toBe(false);
      await expect.poll(async () => (await again()).json()).toMatchObject({ code: "upstream_unreachable" });
      expect(settled()).toBe(1);
    });

    it("of a call that was not charged: why not", async () => {
      await pay("/hooks/late/status/502");
      expect(told("onError").map((query) => Object.fromEntries(query))).toEqual([
        {
          hook: "onError",
          prices: "10000",
          error: "upstream_status 502",
          skipped: "upstream answered 502",
        },
      ]);
    });

    it("of a settlement: the code, and that nothing was charged", async () => {
      world().facilitator.on.settle = () => ({
        json: { success: false, errorReason: "insufficient_funds", transaction: "", network: "eip155:84532" },
      });
      const { answer } = await pay("/hooks/before/weather");
      expect(answer.status).toBe(402);
      expect(told("onError")[0]?.get("error")).toBe("payment_settlement_failed 402");
      expect(told("onError")[0]?.get("skipped")).toBe("payment_settlement_failed");
      expect(told("onSettled")).toEqual([]);
    });

    it("of a free call is heard as well", async () => {
      const response = await fetch(`${world().gateway.url}/hooks/free/status/503`);
      expect([response.status, told("onError")[0]?.get("error")]).toEqual([503, "upstream_status 503"]);
    });
  });

  describe("refunds", () => {
    const month = new Date().toISOString().slice(0, 7);
    /** The refunds of a payment. */
    const refundsOf = async (transaction: unknown) => {
      const { REDIS_URL = "", REDIS_TOKEN } = world().vars;
      const reply = await fetch(REDIS_URL, {
        method: "POST",
        headers: { authorization: `Bearer ${REDIS_TOKEN}` },
        body: JSON.stringify(["HVALS", `test:ledger:refunds:${month}`]),
      });
      const { result } = (await reply.json()) as { result: string[] };
      return result.map((text) => JSON.parse(text)).filter((refund) => refund.transaction === transaction);
    };
    const receipt = (answer: Response) => decode(answer.headers.get("payment-response"));

    it.each([
      ["onSettled=refund", "/hooks/before/weather", 200, "sorry", "10000"],
      ["onResponse=half", "/hooks/before/weather", 200, "half of it", "5000"],
      ["onResponse=half", "/hooks/late/weather", 200, "half of it", "5000"],
      ["onResponse=withhold", "/hooks/before/weather", 451, "not for sale", "10000"],
      ["onError=refund", "/hooks/before/status/503", 503, "sorry", "10000"],
      ["onError=refund", "/hooks/dead", 502, "sorry", "10000"],
    ])("%s of %s is noted once, and the payment is used up", async (wish, path, status, reason, amount) => {
      const { answer, again } = await pay(path, wish);
      expect(answer.status).toBe(status);
      await answer.arrayBuffer();
      const { payer, transaction, network } = receipt(answer);
      await expect.poll(async () => (await refundsOf(transaction)).length).toBe(1);
      const [refund] = await refundsOf(transaction);
      expect(refund).toMatchObject({
        payer,
        network,
        transaction,
        reason,
        amount,
        payTo: world().vars.PAY_TO,
      });
      expect(refund.route).toMatch(/\/hooks\//);
      await expect.poll(async () => (await again()).status).toBe(409);
      expect([settled(), (await refundsOf(transaction)).length]).toEqual([1, 1]);
    });

    it("more than was paid is refused, and what was bought is still owed", async () => {
      const { answer, payment } = await pay("/hooks/before/status/503", "onError=more");
      await answer.arrayBuffer();
      const again = () => world().present("/hooks/before/status/503", payment);
      await expect.poll(async () => (await again()).status).toBe(503);
      expect(await refundsOf(receipt(answer).transaction)).toEqual([]);
    });

    it("of what was never charged is none", async () => {
      const { answer } = await pay("/hooks/late/status/503", "onError=refund");
      expect([answer.status, settled()]).toEqual([503, 0]);
    });

    it("a store that is away is tried again: the refund is not lost", async () => {
      const { redis, facilitator } = world();
      facilitator.on.settle = ({ paymentPayload }) => {
        redis.set("error-500", { times: 3 });
        const { from, nonce } = paymentPayload.payload.authorization;
        return { json: { success: true, transaction: nonce, network: "eip155:84532", payer: from } };
      };
      const { answer } = await pay("/hooks/before/weather", "onSettled=refund");
      await answer.arrayBuffer();
      const { transaction } = receipt(answer);
      await expect.poll(async () => (await refundsOf(transaction)).length, { timeout: 8000 }).toBe(1);
    });
  });

  it("what hooks remember is shared and counted exactly", async () => {
    const init = { headers: { "x-hooks": "onRequest=count", "x-name": crypto.randomUUID() } };
    const ask = async () => (await fetch(`${world().gateway.url}/hooks/free/weather`, init)).status;
    expect((await Promise.all([ask(), ask(), ask(), ask()])).sort()).toEqual([200, 200, 429, 429]);
  });

  it("a hook gets no secret: not the upstream's key, not the store's token, not what pays or opens", async () => {
    const payment = await sign(await world().quote("/hooks/before/weather"));
    const response = await fetch(`${world().gateway.url}/hooks/before/weather?q=1`, {
      headers: {
        "x-hooks": "onPriceResolved=show",
        "payment-signature": payment,
        "x-payment": "old-payment",
        "tollbooth-session": "session-token",
        cookie: "mine=1; tollbooth-session-abcd=session-token",
      },
    });
    const { json, found } = (await response.json()) as { json: string; found: string[] };
    const all = json + found.join("\n");
    expect(all).toContain("mine=1");
    expect(all).toContain("GET /hooks/before/*");
    for (const secret of [
      "secret-upstream-key",
      world().vars.REDIS_TOKEN,
      world().vars.REDIS_URL,
      world().upstream.url,
      payment,
      "old-payment",
      "session-token",
    ]) {
      expect(all).not.toContain(secret);
    }
  });
}

function queryOf(url: string): URLSearchParams {
  return new URL(url, "http://upstream").searchParams;
}
