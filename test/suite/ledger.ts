import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/stores/ledger.ts";
import { connect } from "../../src/stores/redis.ts";
import { postJson } from "../bridge/backends.ts";
import { rawRequest } from "../fixtures/raw.ts";
import { decode } from "../fixtures/sign.ts";
import { ADMIN_TOKEN } from "../fixtures/tollbooth.config.ts";
import type { World } from "../fixtures/world.ts";

const PATH = "/__tollbooth";
const FORM = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };

/** Receipts, and the operators' page that shows them. */
export function ledgerTests(world: () => World): void {
  const ledger = () => {
    const { REDIS_URL: url = "", REDIS_TOKEN: token = "" } = world().vars;
    return openLedger(connect({ url, token, prefix: "test", timeoutMs: 2000 }), "test");
  };
  const transactionOf = (answer: Response) =>
    (decode(answer.headers.get("payment-response")) as { transaction: string }).transaction;

  /** The receipts of a transaction. */
  async function entriesOf(transaction: string): Promise<Entry[]> {
    const day = new Date().toISOString().slice(0, 10);
    const { entries } = await ledger().page({ day, limit: 1000 });
    return entries.filter((entry) => entry.transaction === transaction);
  }

  it("a paid call is one receipt, and takes no request more than without a ledger", async () => {
    const { pay, redis } = world();
    const answer = await pay("/data/7");
    await answer.text();
    const transaction = transactionOf(answer);
    const isOver = () => redis.requests.some(({ commands }) => commands.flat().includes("delivered"));
    await expect.poll(isOver).toBe(true);
    // The claim, that it was settled, that it was delivered.
    const isCount = (command: unknown) => JSON.stringify(command).includes(":stats:");
    // Counts go along now and then, with what is written anyway.
    const own = redis.requests.map(({ commands }) => commands.filter((command) => !isCount(command)).length);
    expect(own).toEqual([1, 1, 1]);
    await expect
      .poll(() => entriesOf(transaction))
      .toMatchObject([
        { status: "delivered", route: "GET /data/:id", amount: 50_000n, symbol: "USDC", decimals: 6 },
      ]);
  });

  it("what was paid for and not delivered is owed", async () => {
    const { pay } = world();
    const answer = await pay("/status/503");
    expect(answer.status).toBe(503);
    const transaction = transactionOf(answer);
    await expect.poll(() => entriesOf(transaction)).toMatchObject([{ status: "owed", endedAt: undefined }]);
  });

  it("what a hook has said is to be paid back is told", async () => {
    const { pay } = world();
    const answer = await pay("/hooks/before/weather", { headers: { "x-hooks": "onSettled=refund" } });
    await answer.text();
    await expect
      .poll(() => entriesOf(transactionOf(answer)), { timeout: 5000 })
      .toMatchObject([{ status: "refund", route: "GET /hooks/before/*" }]);
  });

  describe("the operators' page", () => {
    const ask = (path = "", init: RequestInit = {}) =>
      fetch(world().gateway.url + PATH + path, { redirect: "manual", ...init });
    /** As it is written: `fetch` would say for itself what it is. */
    const statusFor = async (headers: Record<string, string>) =>
      (await rawRequest(world().gateway.url, PATH, { headers })).status;
    const login = (token: string, headers: Record<string, string> = FORM) =>
      ask("/login", { method: "POST", body: new URLSearchParams({ token }).toString(), headers });

    it("without the token there is a form, and the store is not asked", async () => {
      for (const headers of [
        {},
        { authorization: "Bearer wrong" },
        { cookie: "tollbooth-operator=9999999999.00" },
      ]) {
        const answer = await ask("", { headers: headers as Record<string, string> });
        expect(answer.status).toBe(401);
        expect(await answer.text()).toMatch(/Operators&#39; token|Operators' token/);
      }
      expect(world().redis.requestCount).toBe(0);
    });

    it("the token opens it, as a bearer's and by the form, whose cookie never has the token in it", async () => {
      const shown = await ask("", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      expect([shown.status, (await shown.text()).includes("Revenue over time")]).toEqual([200, true]);
      const entered = await login(ADMIN_TOKEN);
      expect([entered.status, entered.headers.get("location")]).toEqual([303, PATH]);
      const cookie = entered.headers.get("set-cookie") ?? "";
      expect(cookie).toMatch(
        /^tollbooth-operator=\d+\.[0-9a-f]{64}; Path=\/__tollbooth; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$/,
      );
      expect(cookie).not.toContain(ADMIN_TOKEN);
      const [value = ""] = cookie.split(";");
      const person = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
      expect(await statusFor({ cookie: value })).toBe(200);
      expect(await statusFor({ cookie: value, ...person })).toBe(200);
      // What a script in an upstream's page, which is of the same origin, would be shown.
      const script = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
      expect(await statusFor({ cookie: value, ...script })).toBe(401);
      // One with another end is not the gateway's.
      const forged = value.replace(/=\d+/, "=9999999999");
      expect(await statusFor({ cookie: forged })).toBe(401);
    });

    it("a wrong token and a form of somebody else's page open nothing", async () => {
      expect((await login("operators-only-012345678x")).status).toBe(401);
      expect((await login("")).status).toBe(401);
      for (const headers of [
        { ...FORM, "sec-fetch-site": "cross-site" },
        { "content-type": FORM["content-type"], origin: "https://evil.example" },
      ])
        for (const path of ["/login", "/logout"]) {
          const answer = await ask(path, { method: "POST", body: `token=${ADMIN_TOKEN}`, headers });
          expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
        }
      const out = await ask("/logout", { method: "POST", headers: FORM });
      expect([out.status, out.headers.get("set-cookie")]).toEqual([
        303,
        expect.stringMatching(/^tollbooth-operator=;.*Max-Age=0/),
      ]);
      for (const path of ["/login", "/logout"]) expect((await ask(path)).status).toBe(405);
    });

    it("is kept by nobody, framed by nobody, and runs nothing", async () => {
      const { headers } = await ask("", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("x-robots-tag")).toContain("noindex");
      expect(headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
    });

    describe("with what was counted", () => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const show = async (query = "") => (await ask(query, { headers })).text();
      const numberOf = (text = "0") => Number(text.replaceAll(",", ""));
      /** Calls by outcome and in all, and payments by stage, as the page has them. */
      async function counted(): Promise<Record<string, number>> {
        const text = await show();
        const outcomes = text.matchAll(/class="key (\w+)"><\/i>[^<]*<td class=n>([\d,]+)/g);
        const [, all] = /All calls<td class=n>([\d,]+)/.exec(text) ?? [];
        const [, bars = ""] = /aria-label="(Offered [^"]*)"/.exec(text) ?? [];
        const stages = bars.matchAll(/(\w+) ([\d,]+)/g);
        const named = [...outcomes, ...stages].map(([, name = "", count]) => [name, numberOf(count)]);
        return { ...Object.fromEntries(named), all: numberOf(all) };
      }
      /** What is counted once everything before is. */
      async function calm(): Promise<Record<string, number>> {
        const free = async () => (await counted()).free ?? 0;
        const known = await free();
        await (await fetch(`${world().gateway.url}/free`)).text();
        await expect.poll(free, { timeout: 5000 }).toBeGreaterThan(known);
        return counted();
      }

      it("each call is in one class, and the classes add up to all of them", async () => {
        const { gateway, pay, present } = world();
        const before = await calm();
        const get = async (path: string) => (await fetch(gateway.url + path)).text();
        await get("/free");
        await (await pay("/weather")).text();
        await (await present("/weather", "no payment at all")).text();
        await get("/nowhere");
        await get("/free/dead");
        const grown = async () => {
          const now = await counted();
          const parts = Object.entries(now).map(
            ([name, count]) => [name, count - (before[name] ?? 0)] as const,
          );
          return Object.fromEntries(parts.filter(([, count]) => count !== 0));
        };
        const outcomes = { free: 1, offered: 1, paid: 1, rejected: 1, refused: 1, upstream: 1, all: 6 };
        const stages = { Offered: 1, Presented: 2, Settled: 1, Delivered: 1 };
        await expect.poll(grown, { timeout: 5000 }).toEqual({ ...outcomes, ...stages });
        const text = await show();
        expect(text).toMatch(
          /<tr><td>GET \/weather<td class=n>[\d,]+(?:<td class=n>(?:under 5 ms|over 10 s|\d+ ms|[\d.]+ s)){3}/,
        );
        expect(text).toMatch(/Upstream: demo<td class=n>/);
        expect(text).toMatch(/Settlement<td class=n>/);
        expect(text).toMatch(
          /<caption>Redis<\/caption>.*<td class=n>[\d,]+<td class="n(?: owed)?">[\d,]+ \([\d.]+%\)/,
        );
      });

      it.each([30, 90])(
        "a page of %i days is two requests to the store, with receipts, debts and refunds",
        async (days) => {
          const { pay, redis } = world();
          await (await pay("/status/503")).text();
          await calm();
          redis.resetCounters();
          await show(`?days=${days}`);
          expect(redis.requestCount).toBe(2);
        },
      );

      it("and without it, where that cannot be read", async () => {
        const { REDIS_URL: url = "", REDIS_TOKEN: token = "" } = world().vars;
        const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
        const key = `test:stats:day:${yesterday}`;
        await postJson({ url, token }, "/", ["SET", key, "no hash"]);
        try {
          const answer = await ask("", { headers });
          const text = await answer.text();
          expect(answer.status).toBe(200);
          expect(text).toContain("What was counted of calls cannot be read now.");
          expect(text).not.toContain("Latency");
          expect(text).toMatch(/Revenue over time.*Owed and in doubt.*newest first/s);
        } finally {
          await postJson({ url, token }, "/", ["DEL", key]);
        }
      });
    });

    it("shows a receipt, and says so when the store is away", async () => {
      const { pay, redis } = world();
      const answer = await pay("/data/7");
      await answer.text();
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const text = async () => (await ask("", { headers })).text();
      await expect.poll(text).toContain(transactionOf(answer));
      expect(await text()).toContain("GET /data/:id");
      redis.set("drop-before");
      const away = await ask("", { headers });
      expect([away.status, (await away.text()).includes("The store does not answer.")]).toEqual([503, true]);
    });
  });
}
