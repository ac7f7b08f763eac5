import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/stores/ledger.ts";
import { connect } from "../../src/stores/redis.ts";
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
    // The claim, that it was settled, that it was delivered; with the last one, what was counted until then may go along.
    const [claim, settled, ...last] = redis.requests.map(({ commands }) => commands.length);
    expect([claim, settled, last.length]).toEqual([1, 1, 1]);
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
      expect((await ask("", { headers: { cookie: value } })).status).toBe(200);
      // One with another end is not the gateway's.
      const forged = value.replace(/=\d+/, "=9999999999");
      expect((await ask("", { headers: { cookie: forged } })).status).toBe(401);
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
      expect(headers.get("x-robots-tag")).toContain("noindex");
      expect(headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
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
