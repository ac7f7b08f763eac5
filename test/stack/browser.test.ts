/** A page of another origin pays from a real browser: the official client, a real chain, and what CORS keeps apart. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { payer, seller, testAccount } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import type { OpenServer } from "../../dev/http.ts";
import { type Stack, startStack } from "../../dev/stack.ts";
import {
  type Browser,
  type Client,
  canBrowse,
  openSite,
  startBrowser,
  type Visitor,
} from "../fixtures/browser.ts";
import type { Init } from "../fixtures/page.ts";
import { decode, type Requirements, sign } from "../fixtures/sign.ts";
import { BUNDLES } from "../fixtures/world.ts";

declare const client: Client;

const ONE_CENT = 10_000n;

let stack: Stack | undefined;
let browser: Browser | undefined;
/** One that the gateway lets in, and one that it does not. */
const sites: OpenServer[] = [];

describe.runIf(canBrowse)("in Chromium", () => {
  beforeAll(async () => {
    stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
    sites.push(await openSite(), await openSite());
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(sites.map((site) => site.close()));
    await stack?.close();
  });

  describe.each<Runtime>(["workers", "node"])("the gateway in %s", (runtime) => {
    let gateway: Gateway | undefined;
    let shop: Visitor;
    let stranger: Visitor;

    beforeAll(async () => {
      const [ours, theirs] = sites;
      if (!browser || !ours || !theirs) throw new Error("the browser has not started");
      shop = await browser.visit(ours);
      stranger = await browser.visit(theirs);
      const { UPSTASH_REDIS_REST_URL = "", UPSTASH_REDIS_REST_TOKEN = "", ...vars } = running().vars;
      const settings = { allowedOrigins: [shop.origin], allowedHeaders: ["x-own"], credentials: true };
      const CORS = JSON.stringify(settings);
      const redis = { REDIS_URL: UPSTASH_REDIS_REST_URL, REDIS_TOKEN: UPSTASH_REDIS_REST_TOKEN };
      gateway = await startGateway({ runtime, directory: BUNDLES, vars: { ...vars, ...redis, CORS } });
    });
    afterAll(() => gateway?.stop());

    const url = (path: string) => `${gateway?.url}${path}`;
    const pay = ({ page }: Visitor, path: string, init: Init = {}, privateKey = payer.privateKey) =>
      page.evaluate(([url, key, init]) => client.pay(url, key, init), [url(path), privateKey, init] as const);
    const call = ({ page }: Visitor, path: string, init: Init = {}) =>
      page.evaluate(([url, init]) => client.call(url, init), [url(path), init] as const);

    it.each<[string, Init]>([
      ["/weather", {}],
      ["/late/weather", {}],
      [
        "/echo",
        { method: "POST", body: '{"city":"Lisbon"}', headers: { "content-type": "application/json" } },
      ],
    ])(
      "%s: the official client pays from the page, which reads answer and receipt; exactly the price moves",
      async (path, init) => {
        const before = await balances();
        const { status, type, body, headers } = await pay(shop, path, init);
        expect([status, type]).toEqual([200, "cors"]);
        expect(JSON.parse(body)).toHaveProperty("city", "Lisbon");
        expect(decode(headers["payment-response"] ?? null)).toMatchObject({
          success: true,
          payer: payer.address,
        });
        const after = await balances();
        expect([before.payer - after.payer, after.seller - before.seller]).toEqual([ONE_CENT, ONE_CENT]);
      },
    );

    it("the page reads what it is asked for, and why a call is refused", async () => {
      const unpaid = await call(shop, "/weather");
      expect(unpaid.status).toBe(402);
      expect(decode(unpaid.headers["payment-required"] ?? null)).toHaveProperty("accepts");
      const nowhere = await call(shop, "/nowhere", { headers: { "x-own": "1" } });
      expect([nowhere.status, JSON.parse(nowhere.body).code]).toEqual([404, "route_not_found"]);
      const long = await call(shop, `/${"x".repeat(9000)}`);
      expect([long.status, JSON.parse(long.body).code]).toEqual([414, "url_too_long"]);
    });

    it("a page of another origin reads nothing and pays nothing, even with a payment in its hands", async () => {
      const before = await balances();
      for (const path of ["/weather", "/free"])
        await expect(call(stranger, path)).rejects.toThrow("Failed to fetch");
      await expect(pay(stranger, "/weather")).rejects.toThrow("Failed to fetch");
      const asked = await fetch(url("/weather"));
      const { accepts } = decode(asked.headers.get("payment-required")) as { accepts: [Requirements] };
      const headers = { "payment-signature": await sign(accepts[0]) };
      await expect(call(stranger, "/weather", { headers })).rejects.toThrow("Failed to fetch");
      const opaque = await call(stranger, "/free", { mode: "no-cors" });
      expect(opaque).toEqual({ status: 0, type: "opaque", body: "", headers: {} });
      expect(await balances()).toEqual(before);
      // It was the origin, and not the payment.
      expect((await call(shop, "/weather", { headers })).status).toBe(200);
    });

    it("paid time opens to the page's cookie, which no script sees, and to the token where no cookie goes", async () => {
      // A payer of its own: paid time is kept by payer.
      const { privateKey, address } = testAccount(runtime === "workers" ? 40 : 41);
      await running().chain.mint(address, 1_000_000n);
      const include: Init = { credentials: "include" };
      const bought = await pay(shop, "/timed/hour", include, privateKey);
      expect([bought.status, bought.headers["set-cookie"]]).toEqual([200, undefined]);
      const paid = await running().chain.balanceOf(address);
      expect((await call(shop, "/timed/hour", include)).status).toBe(200);
      expect(await shop.page.evaluate("document.cookie")).toBe("");
      expect((await call(shop, "/timed/hour")).status).toBe(402);
      const token = bought.headers["tollbooth-session"] ?? "";
      expect((await call(shop, "/timed/hour", { headers: { "tollbooth-session": token } })).status).toBe(200);
      expect(await running().chain.balanceOf(address)).toBe(paid);
      // The browser has the cookie, and hands it to nobody's page but the shop's.
      await shop.page.goto(stranger.origin);
      await expect(call(shop, "/timed/hour", include)).rejects.toThrow("Failed to fetch");
      await shop.page.goto(shop.origin);
    });
  });
});

function running(): Stack {
  if (!stack) throw new Error("the stack has not started");
  return stack;
}

async function balances(): Promise<{ payer: bigint; seller: bigint }> {
  const { chain } = running();
  return { payer: await chain.balanceOf(payer.address), seller: await chain.balanceOf(seller.address) };
}
