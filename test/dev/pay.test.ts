import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { getRequestListener } from "@hono/node-server";
import { encodePaymentRequiredHeader } from "@x402/core/http";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddleware } from "@x402/hono";
import { Hono } from "hono";
import { generatePrivateKey } from "viem/accounts";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { payer, seller } from "../../dev/accounts.ts";
import { type Chain, startChain } from "../../dev/chain.ts";
import { type Facilitator, startFacilitator } from "../../dev/facilitator.ts";
import { type OpenServer, open } from "../../dev/http.ts";
import { pay } from "../../dev/pay.ts";
import { describe, questionFor } from "../../dev/pay-report.ts";
import { NETWORK } from "../../dev/token.ts";
import { deadUrl } from "./ports.ts";

let chain: Chain;
let facilitator: Facilitator;
let shop: OpenServer;

/** A server that charges with the official middleware: what our client must get along with. */
function openShop(facilitatorUrl: string): Promise<OpenServer> {
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl }));
  server.register(NETWORK, new ExactEvmScheme());
  const sell = (price: string) => ({
    accepts: { scheme: "exact", price, network: NETWORK, payTo: seller.address },
  });
  const app = new Hono();
  app.use(paymentMiddleware({ "/paid": sell("$0.01"), "/dear": sell("$2") }, server));
  app.all("/paid", async (c) => c.json({ got: await c.req.text(), header: c.req.header("x-test") }));
  app.get("/free", (c) => c.text("x".repeat(3000)));
  app.get("/moved", (c) => c.redirect("/paid"));
  return open(createServer(getRequestListener(app.fetch)), 0, "shop");
}

beforeAll(async () => {
  chain = await startChain();
  facilitator = await startFacilitator({ rpcUrl: chain.url });
  shop = await openShop(facilitator.url);
  await chain.mint(payer.address, 10_000_000n);
});

afterAll(async () => {
  await shop?.close();
  await facilitator?.close();
  await chain?.close();
});

test("pays, and shows the money moving", async () => {
  const steps: string[] = [];
  const result = await pay(`${shop.url}/paid`, {
    rpcUrl: chain.url,
    data: "hello",
    headers: { "x-test": "yes" },
    onStep: (step) => steps.push(step.step),
  });
  expect(result).toMatchObject({
    ok: true,
    status: 200,
    body: '{"got":"hello","header":"yes"}',
    offer: { network: NETWORK, amount: "10000", payTo: seller.address, token: "USDC" },
    authorization: { from: payer.address, to: seller.address, value: "10000" },
    receipt: { success: true, payer: payer.address },
    balances: {
      before: { payer: 10_000_000n, payTo: 0n },
      after: { payer: 9_990_000n, payTo: 10_000n },
    },
  });
  expect(steps).toEqual(["offer", "balances", "signed", "answer", "receipt", "balances"]);
});

test("calls what is free without paying, and keeps the start of a long body", async () => {
  const result = await pay(`${shop.url}/free`);
  expect(result).toEqual({ ok: true, status: 200, body: "x".repeat(2048) });
});

test("takes no payment along a redirect", async () => {
  expect(await pay(`${shop.url}/moved`)).toMatchObject({ ok: true, status: 302 });
});

test("says why a payment was refused", async () => {
  const result = await pay(`${shop.url}/paid`, { rpcUrl: chain.url, privateKey: generatePrivateKey() });
  expect(result).toMatchObject({
    ok: false,
    status: 402,
    refusal: expect.stringContaining("insufficient_balance"),
  });
});

test("pays more than a dollar only if told to", async () => {
  await expect(pay(`${shop.url}/dear`)).rejects.toThrow("--unlimited");
  expect(await pay(`${shop.url}/dear`, { unlimited: true })).toMatchObject({ offer: { amount: "2000000" } });
});

test("still pays when there is no chain to read balances from", async () => {
  const result = await pay(`${shop.url}/paid`, { rpcUrl: await deadUrl() });
  expect(result).toMatchObject({ ok: true, balances: { after: { payer: null, payTo: null } } });
});

const command = (...args: string[]) => promisify(execFile)(process.execPath, ["dev/main.ts", "pay", ...args]);

test("the command prints each step, or JSON", async () => {
  const { stdout } = await command(
    `${shop.url}/paid`,
    "--rpc-url",
    chain.url,
    "-X",
    "PUT",
    "-H",
    "x-test: 1",
  );
  for (const text of [
    "$0.01",
    NETWORK,
    seller.address,
    "valid before",
    "Answer 200",
    "transaction",
    "Balances after",
  ])
    expect(stdout).toContain(text);
  const json = await command(`${shop.url}/paid`, "--rpc-url", chain.url, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, receipt: { success: true } });
});

test("the command fails with a plain sentence where nothing listens", async () => {
  const url = await deadUrl();
  await expect(command(`${url}/paid`)).rejects.toMatchObject({
    code: 1,
    stderr: `No answer from ${url}. Nothing listens there; is the gateway running?\n`,
  });
});

const withKey = (key: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, ["dev/main.ts", "pay", ...args], {
    env: { PATH: process.env.PATH, BUYER: key },
  });

test("pays with the key of a variable, and nothing over the highest price that was said", async () => {
  const args = [`${shop.url}/paid`, "--rpc-url", chain.url, "--key-env", "BUYER", "--json"];
  const { stdout } = await withKey(
    payer.privateKey,
    ...args,
    "--max-price",
    "0.01",
    "--network",
    "base-sepolia",
  );
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, receipt: { success: true, payer: payer.address } });
  const before = await chain.balanceOf(payer.address);
  await expect(withKey(payer.privateKey, ...args, "--max-price", "0.009")).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining("--max-price"),
  });
  expect(await chain.balanceOf(payer.address)).toBe(before);
});

test("pays on no other network than the one that was said", async () => {
  await expect(pay(`${shop.url}/paid`, { network: "eip155:8453" })).rejects.toThrow("eip155");
});

test("a key that is none is named by its variable, and shown to nobody", async () => {
  const wrong = "0xdeadbeefdeadbeefdeadbeef";
  await expect(withKey(wrong, `${shop.url}/paid`, "--key-env", "BUYER")).rejects.toMatchObject({
    code: 1,
    stderr: "The variable BUYER holds no key: it is 0x and 64 hex digits.\n",
  });
  await expect(withKey(wrong, `${shop.url}/paid`, "--key-env", "NOBODY")).rejects.toMatchObject({
    stderr: "The variable NOBODY is not set.\n",
  });
});

test("real money is not paid without a terminal unless a highest price was said, and nothing is signed", async () => {
  const requirements = {
    scheme: "exact",
    network: "eip155:8453" as const,
    asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    amount: "10000",
    payTo: seller.address,
    maxTimeoutSeconds: 60,
    extra: { name: "USD Coin", version: "2" },
  };
  const header = encodePaymentRequiredHeader({
    x402Version: 2,
    resource: { url: "http://shop.example.com/" },
    accepts: [requirements],
  });
  const seen: (string | undefined)[] = [];
  const app = new Hono();
  app.get("/", (c) => {
    const payment = c.req.header("payment-signature");
    seen.push(payment);
    return payment ? c.text("sold") : c.body("", 402, { "PAYMENT-REQUIRED": header });
  });
  const real = await open(createServer(getRequestListener(app.fetch)), 0, "real");
  onTestFinished(() => real.close());
  const key = generatePrivateKey();
  await expect(withKey(key, real.url, "--key-env", "BUYER")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("say --max-price"),
  });
  await expect(withKey(key, real.url, "--key-env", "BUYER", "--yes")).rejects.toMatchObject({ code: 1 });
  expect(seen).toEqual([undefined, undefined]);
  // It has no receipt, so that it is not ok; but it was signed.
  await expect(withKey(key, real.url, "--key-env", "BUYER", "--max-price", "0.01")).rejects.toMatchObject({
    stdout: expect.stringContaining("sold"),
  });
  expect(seen.at(-1)).toBeDefined();
});

test("what a server says cannot rewrite what the payer is asked and shown: no control characters, and the token's address", () => {
  const offer = {
    scheme: "exact",
    network: "eip155:8453",
    asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    amount: "5000000000",
    payTo: seller.address,
    token: "USDC\u001b[2K\rPay 1 unit\u202e\n",
  };
  const answer = { status: 200, body: "\u001b]0;taken\u0007", truncated: false };
  const shown = [
    questionFor(offer),
    ...describe({ step: "offer", offer }),
    ...describe({ step: "refused", reason: "\u001b[1A" }),
    ...describe({ step: "answer", answer }),
  ];
  for (const line of shown) expect(line).not.toMatch(/\p{Cc}|\p{Cf}/u);
  expect(shown[0]).toContain(`5000000000 units of ${offer.asset} ("USDC\ufffd[2K`);
});
