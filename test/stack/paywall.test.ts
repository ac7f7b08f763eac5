/** A person pays on the 402's page: a real Chromium, a wallet in it, a real chain, and every way in which money could go wrong. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import type { Hex } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { seller, testAccount } from "../../dev/accounts.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { type Stack, startStack } from "../../dev/stack.ts";
import { startUpstream, type Upstream } from "../../dev/upstream.ts";
import { type Browser, canBrowse, startBrowser } from "../fixtures/browser.ts";
import { type Cutter, openCutter } from "../fixtures/cutter.ts";
import { installWallet, type PageWallet } from "../fixtures/wallet.ts";
import { BUNDLES } from "../fixtures/world.ts";

const ONE_CENT = 10_000n;
const rich = testAccount(50);
const poor = testAccount(51);

let stack: Stack;
let upstream: Upstream;
let gateway: Gateway;
let wire: Cutter;
let browser: Browser;
/** Pages of the test that runs. */
const visits: { page: Page; asked: string[]; broken: string[] }[] = [];

describe.runIf(canBrowse)("in Chromium, on the 402's page", () => {
  beforeAll(async () => {
    stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
    upstream = await startUpstream({});
    await stack.chain.mint(rich.address, 100n * ONE_CENT);
    const { UPSTASH_REDIS_REST_URL = "", UPSTASH_REDIS_REST_TOKEN = "", RPC_URL = "", ...vars } = stack.vars;
    const store = { REDIS_URL: UPSTASH_REDIS_REST_URL, REDIS_TOKEN: UPSTASH_REDIS_REST_TOKEN };
    const PAYWALL = JSON.stringify({ name: "Weather & Co", testnetFaucet: "https://faucet.example" });
    const own = { UPSTREAM_URL: upstream.url, CHAIN_RPC_URL: RPC_URL, WAYS: "all", PAYWALL };
    gateway = await startGateway({
      runtime: "workers",
      directory: BUNDLES,
      vars: { ...vars, ...store, ...own },
    });
    wire = await openCutter(gateway.url);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await wire?.close();
    await gateway?.stop();
    await upstream?.close();
    await stack?.close();
  });
  afterEach(async () => {
    const seen = visits.splice(0);
    await Promise.all(seen.map(({ page }) => page.context().close()));
    wire.mend();
    upstream.reset();
    // Whatever the test was about.
    for (const { asked, broken } of seen) {
      expect(asked.filter((url) => !url.startsWith(wire.url) && !/^(blob|data):/.test(url))).toEqual([]);
      expect(broken).toEqual([]);
    }
  });

  async function open(
    path: string,
    options: { key?: Hex; names?: string[]; change?: (page: Page) => Promise<unknown> } = {},
  ) {
    const { key = rich.privateKey, names, change } = options;
    const page = await browser.blank();
    const visit = { page, asked: [] as string[], broken: [] as string[] };
    visits.push(visit);
    page.on("request", (request) => visit.asked.push(request.url()));
    page.on("pageerror", (error) => visit.broken.push(String(error)));
    page.on("console", (message) => {
      if (/Content[- ]Security[- ]Policy/i.test(message.text())) visit.broken.push(message.text());
    });
    const wallet = await installWallet(page, {
      privateKey: key,
      rpcUrl: stack.chain.url,
      ...(names ? { names } : {}),
    });
    await change?.(page);
    const answer = await page.goto(wire.url + path);
    expect(answer?.status()).toBe(402);
    return { page, wallet };
  }
  const connect = (page: Page, name = "Test Wallet") =>
    page.getByRole("button", { name: `Connect ${name}` }).click();
  const pay = (page: Page) => page.getByRole("button", { name: /^Pay / }).click();
  const said = (page: Page, words: string | RegExp) =>
    page.getByRole("status").filter({ hasText: words }).waitFor();
  const buttons = (page: Page) => page.getByRole("button").allInnerTexts();
  const earned = async (work: () => Promise<unknown>) => {
    const before = await stack.chain.balanceOf(seller.address);
    await work();
    return (await stack.chain.balanceOf(seller.address)) - before;
  };
  const payments = ({ signed }: PageWallet) => signed.length;

  it("connects, pays exactly the price, and shows answer and receipt; nobody else is asked for anything", async () => {
    const { page, wallet } = await open("/weather");
    await page.getByRole("heading", { name: "0.01 USDC for one call" }).waitFor();
    const before = await stack.chain.balanceOf(rich.address);
    const income = await earned(async () => {
      await connect(page);
      await said(page, "You have 1 USDC on Base Sepolia.");
      await pay(page);
      await said(page, "Paid.");
    });
    expect(await page.locator("#shown pre").innerText()).toContain('"city": "Lisbon"');
    expect(await page.locator("#receipt code").getAttribute("title")).toMatch(/^0x[0-9a-f]{64}$/);
    expect(income).toBe(ONE_CENT);
    expect(before - (await stack.chain.balanceOf(rich.address))).toBe(ONE_CENT);
    expect(payments(wallet)).toBe(1);
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    expect(await buttons(page)).toEqual([]);
  });

  it("an account without money: it says what is missing, and nothing is signed", async () => {
    const { page, wallet } = await open("/weather", { key: poor.privateKey });
    await connect(page);
    await said(page, "You have 0 USDC on Base Sepolia. That is too little: the price is 0.01 USDC.");
    await pay(page);
    await said(page, "too little");
    expect(payments(wallet)).toBe(0);
  });

  it("the visitor declines, or has the wallet on a network that it does not know: words, and a way on", async () => {
    const { page, wallet } = await open("/weather");
    wallet.failing.set("eth_requestAccounts", 4001);
    await connect(page);
    await said(page, "You declined it in the wallet. Nothing was charged.");
    wallet.failing.clear();
    wallet.chainId = 1;
    wallet.failing.set("wallet_switchEthereumChain", 4902);
    await connect(page);
    await said(page, "You have");
    expect([wallet.chainId, wallet.asked.includes("wallet_addEthereumChain")]).toEqual([84532, true]);
    wallet.failing.set("eth_signTypedData_v4", 4001);
    const income = await earned(async () => {
      await pay(page);
      await said(page, "You declined");
      wallet.failing.clear();
      await pay(page);
      await said(page, "Paid.");
    });
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 1]);
  });

  it("a connection that is cut after the settlement: the same payment collects the answer, and nothing is paid twice", async () => {
    upstream.script.set("/weather", slowAtFirst);
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    const income = await earned(async () => {
      await pay(page);
      await expect.poll(() => upstream.count("/weather"), PATIENT).toBe(1);
      wire.cut();
      await said(page, "is presented again");
      expect(await buttons(page)).toEqual([]);
      wire.mend();
      await said(page, "Paid.");
    });
    expect(await page.locator("#shown pre").innerText()).toBe("collected");
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 1]);
  });

  it("a page that is loaded again after paying collects what was paid for, without a wallet", async () => {
    upstream.script.set("/weather", slowAtFirst);
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    const income = await earned(async () => {
      await pay(page);
      await expect.poll(() => upstream.count("/weather"), PATIENT).toBe(1);
      await page.reload();
      await said(page, "Paid.");
    });
    expect(await page.locator("#shown pre").innerText()).toBe("collected");
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 1]);
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("a service that fails is asked again with the same payment, and only when the visitor says so", async () => {
    upstream.script.set("/weather", (nth) =>
      nth === 1 ? { status: 503, body: "down" } : { body: "up", headers: TEXT },
    );
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    const income = await earned(async () => {
      await pay(page);
      await said(page, "The service answered with status 503.");
      expect(await buttons(page)).toEqual(["Try again"]);
      await page.getByRole("button", { name: "Try again" }).click();
      await said(page, "Paid.");
    });
    expect(await page.locator("#shown pre").innerText()).toBe("up");
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 1]);
  });

  it("a payment that the gateway refuses is given up, in words, and a new one takes a new click", async () => {
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    // What arrives says that another account has signed.
    await page.route(/\/weather$/, async (route) => {
      const headers = route.request().headers();
      const payment = JSON.parse(Buffer.from(headers["payment-signature"] ?? "", "base64").toString());
      payment.payload.authorization.from = poor.address;
      const tampered = Buffer.from(JSON.stringify(payment)).toString("base64");
      await route.continue({ headers: { ...headers, "payment-signature": tampered } });
    });
    await pay(page);
    await said(page, "The payment was refused: the wallet has signed something else. Nothing was charged.");
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    await page.unroute(/\/weather$/);
    const income = await earned(async () => {
      await pay(page);
      await said(page, "Paid.");
    });
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 2]);
  });

  it("a price that has changed is shown, and takes a new click: nothing is signed without one", async () => {
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    // The gateway's own answer to a payment of one cent where five are asked for.
    await page.route(/\/weather$/, (route) => route.continue({ url: `${wire.url}/data/7` }));
    const income = await earned(async () => {
      await pay(page);
      await said(page, "The payment was refused: the price has changed meanwhile. Nothing was charged.");
      await page.getByRole("heading", { name: "0.05 USDC for one call" }).waitFor();
      expect([await buttons(page), payments(wallet)]).toEqual([["Pay 0.05 USDC"], 1]);
      await page.unroute(/\/weather$/);
      await pay(page);
      await page.getByRole("button", { name: "Pay 0.01 USDC" }).waitFor();
      await pay(page);
      await said(page, "Paid.");
    });
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 3]);
  });

  it("a receiver that has changed is shown before anything is signed for it", async () => {
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    const other = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
    // The gateway's answer, as it would be after a change of who is paid.
    await page.route(/\/weather$/, async (route) => {
      const response = await route.fetch({ url: `${wire.url}/data/7` });
      const headers = response.headers();
      const required = JSON.parse(Buffer.from(headers["payment-required"] ?? "", "base64").toString());
      for (const way of required.accepts) way.payTo = other;
      const changed = Buffer.from(JSON.stringify(required)).toString("base64");
      await route.fulfill({ response, headers: { ...headers, "payment-required": changed } });
    });
    await pay(page);
    await said(page, "The payment was refused");
    const shown = await page.locator("input[name=way] ~ span code").getAttribute("title");
    await pay(page);
    await expect.poll(() => wallet.signed.at(1)?.message.to).toBe(shown);
    expect(shown).toBe(other);
    await page.unrouteAll({ behavior: "wait" });
  });

  it("a settlement that fails for want of money is told, and leaves nothing behind", async () => {
    const { page, wallet } = await open("/weather", { key: poor.privateKey });
    wallet.failing.set("eth_call", -32603);
    await connect(page);
    await pay(page);
    await said(page, /^The payment was refused: .* Nothing was charged\.$/);
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    expect(await buttons(page)).toEqual(["Pay 0.01 USDC"]);
  });

  it("a gateway that stays away: the payment is kept, and there is no button that signs another", async () => {
    const { page, wallet } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    await page.clock.install();
    wire.cut();
    /** Time goes on until the page gives up trying by itself. */
    const offered = async () => {
      if ((await page.getByRole("status").innerText()).includes("is presented again"))
        await page.clock.runFor(2000);
      return buttons(page);
    };
    const income = await earned(async () => {
      await pay(page);
      await expect.poll(offered, PATIENT).toEqual(["Try again"]);
      await said(page, "Your payment is kept in this tab.");
      expect(await page.evaluate("sessionStorage.length")).toBe(1);
      // Only one that can no longer be settled can be given up.
      await page.clock.runFor(60_000);
      await page.getByRole("button", { name: "Try again" }).click();
      await expect.poll(offered, PATIENT).toEqual(["Try again", "Give this payment up"]);
      wire.mend();
      await page.getByRole("button", { name: "Try again" }).click();
      await said(page, "Paid.");
    });
    expect([income, payments(wallet)]).toEqual([ONE_CENT, 1]);
  });

  it("an answer that is HTML runs nothing and reaches nothing of the gateway's origin", async () => {
    upstream.script.set("/weather", () => ({
      headers: { "content-type": "text/html" },
      body: `<h1>Hello</h1><script>top.document.title = "taken"</script><img src="/free" onerror="top.document.title='taken'">`,
    }));
    const { page } = await open("/weather");
    await connect(page);
    await said(page, "You have");
    await pay(page);
    await said(page, "Paid.");
    await page.frameLocator("#shown iframe").getByRole("heading", { name: "Hello" }).waitFor();
    expect(await page.locator("#shown iframe").getAttribute("sandbox")).toBe("");
    expect(await page.title()).toBe("0.01 USDC – Weather & Co");
    // The frame's own attempts are what the policy is for.
    const [visit] = visits;
    expect(visit?.broken.splice(0).length).toBeGreaterThan(0);
  });

  it("an answer that points elsewhere on the gateway is followed; to a call with a price, it is not paid for again", async () => {
    const { page, wallet } = await open("/redirect?to=/free");
    await connect(page);
    await said(page, "You have");
    const income = await earned(async () => {
      await pay(page);
      await said(page, "Paid.");
      expect(await page.locator("#shown pre").innerText()).toContain('"free": true');
    });
    expect(income).toBe(ONE_CENT);
    const dear = await open("/redirect?to=/data/7");
    await connect(dear.page);
    await said(dear.page, "You have");
    const more = await earned(async () => {
      await pay(dear.page);
      await said(dear.page, /^It is paid, and the answer points to .*\/data\/7\./);
    });
    expect([more, payments(wallet), payments(dear.wallet)]).toEqual([ONE_CENT, 1, 1]);
  });

  it("answers are shown as what they are, and are whole: an image, a file, numbers that JavaScript cannot hold", async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"></svg>';
    const big = '{"id":12345678901234567890}';
    const answers: [type: string, body: string | Uint8Array][] = [
      ["image/svg+xml", svg],
      ["application/pdf", bytes],
      ["application/json", big],
    ];
    upstream.script.set("/weather", (nth) => ({
      headers: { "content-type": answers[nth - 1]?.[0] ?? "" },
      body: answers[nth - 1]?.[1] ?? "",
    }));
    const { page } = await open("/named/required");
    const buy = async () => {
      await connect(page);
      await said(page, "You have");
      await pay(page);
      await said(page, "Paid.");
    };
    await buy();
    await expect
      .poll(() => page.evaluate("document.querySelector('#shown img').naturalWidth"), PATIENT)
      .toBe(7);
    await page.reload();
    await buy();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Save the answer" }).click(),
    ]);
    expect([download.suggestedFilename(), readFileSync(await download.path())]).toEqual([
      "required.pdf",
      bytes,
    ]);
    await page.reload();
    await buy();
    expect(await page.locator("#shown pre").innerText()).toBe(big);
  });

  it("paid time: the page opens by its cookie, without another payment", async () => {
    const { page, wallet } = await open("/timed/hour");
    await page.getByRole("heading", { name: "0.1 USDC for 1 hour" }).waitFor();
    await connect(page);
    await said(page, "You have");
    await pay(page);
    await said(page, /^Paid\. Open until/);
    // The paid call asks for what the page was asked for, and not for an answer anew.
    const forwarded = JSON.parse(await page.locator("#shown pre").innerText());
    expect(forwarded).toMatchObject({
      accept: expect.stringMatching(/^text\/html/),
      "cache-control": "no-transform",
    });
    await page.getByRole("button", { name: "Open it as a page" }).click();
    await expect.poll(() => page.evaluate("document.body.innerText"), PATIENT).toContain('"accept"');
    expect(payments(wallet)).toBe(1);
  });

  it("of several wallets the visitor chooses one; ways that no browser wallet can pay are shown and cannot be chosen", async () => {
    const { page, wallet } = await open("/weather", { names: ["One", "Two <b>"] });
    expect(await buttons(page)).toEqual(["Connect One", "Connect Two <b>"]);
    expect(await page.getByRole("radio").count()).toBe(2);
    expect(await page.locator("input[name=way]").count()).toBe(1);
    await page.getByText("needs an x402 client").first().waitFor();
    await connect(page, "Two <b>");
    await said(page, "You have");
    expect(wallet.asked).toContain("eth_requestAccounts");
  });

  it("while the wallet is asked no other way can be chosen: what the button says is what is signed", async () => {
    let resolve = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    // As if the other way could be chosen too, and cost more.
    const dearer = async (page: Page) =>
      page.route(/\/weather$/, async (route) => {
        const response = await route.fetch();
        const body = (await response.text())
          .replace('<input type="radio" disabled>', '<input type="radio" name="way" value="1">')
          .replace(/(?<=id="data">)[^<]+/, (text) => {
            const told = JSON.parse(text);
            Object.assign(told.ways[1], {
              payable: true,
              requirements: { ...told.ways[0].requirements, amount: "70000" },
            });
            return JSON.stringify(told);
          });
        await route.fulfill({ response, body });
      });
    const { page, wallet } = await open("/weather", { change: dearer });
    wallet.waiting.set("eth_call", promise);
    await connect(page);
    await page.getByRole("button", { name: "Pay 0.01 USDC" }).waitFor();
    const other = page.locator("input[name=way]").nth(1);
    await other.click({ force: true });
    resolve();
    await said(page, "You have");
    await page.unroute(/\/weather$/);
    expect(await buttons(page)).toEqual(["Pay 0.01 USDC"]);
    await pay(page);
    await expect.poll(() => wallet.signed.map(({ message }) => message.value), PATIENT).toEqual(["10000"]);
    await said(page, "Paid.");
    await other.click();
  });

  it("a wallet that announces nothing is found as window.ethereum", async () => {
    const { page } = await open("/weather", { names: [""] });
    await connect(page, "your wallet");
    await said(page, "You have");
  });

  it("without a wallet it says so, and how programs pay", async () => {
    const { page } = await open("/weather", { names: [] });
    await page.getByText("There is no wallet in this browser.").waitFor();
    await page.getByText(`curl -i '${wire.url}/weather'`).waitFor();
  });
});

const PATIENT = { timeout: 10_000 };
const TEXT = { "content-type": "text/plain" };
/** Time for something to happen to the first answer on its way. */
const slowAtFirst = (nth: number) => ({ ms: nth === 1 ? 1000 : 0, body: "collected", headers: TEXT });
