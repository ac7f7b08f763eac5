/** Every way to pay on real parts: official clients of both versions, real contracts on a real chain, the SDK's facilitator. */

import { ExactEvmSchemeV1 } from "@x402/evm/exact/v1/client";
import { wrapFetchWithPayment as wrapV2, x402Client } from "@x402/fetch";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeXPaymentResponse, wrapFetchWithPayment } from "x402-fetch";
import { payer, seller } from "../../dev/accounts.ts";
import type { Runtime } from "../../dev/bundle.ts";
import type { Gateway } from "../../dev/gateways/process.ts";
import { startGateway } from "../../dev/gateways/start.ts";
import { pay } from "../../dev/pay.ts";
import { type Stack, startStack } from "../../dev/stack.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { decode, encode, type Requirements, sign } from "../fixtures/sign.ts";
import { BUNDLES } from "../fixtures/world.ts";

const ONE_CENT = 10_000n;
const RUNTIMES: Runtime[] = ["workers", "node"];

let stack: Stack | undefined;
const gateways = new Map<string, Gateway>();

beforeAll(async () => {
  stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
});
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.stop();
  await stack?.close();
});

/** A gateway that accepts what that variable says; each is started once. */
async function gatewayFor(runtime: Runtime, ways: string): Promise<string> {
  const name = `${runtime} ${ways}`;
  const {
    UPSTASH_REDIS_REST_URL = "",
    UPSTASH_REDIS_REST_TOKEN = "",
    RPC_URL = "",
    ...vars
  } = running().vars;
  const redis = { REDIS_URL: UPSTASH_REDIS_REST_URL, REDIS_TOKEN: UPSTASH_REDIS_REST_TOKEN };
  const known = gateways.get(name);
  const gateway =
    known ??
    (await startGateway({
      runtime,
      directory: BUNDLES,
      vars: { ...vars, ...redis, CHAIN_RPC_URL: RPC_URL, WAYS: ways },
    }));
  gateways.set(name, gateway);
  return gateway.url;
}

function running(): Stack {
  if (!stack) throw new Error("the stack has not started");
  return stack;
}

async function moved(work: () => Promise<void>): Promise<{ paid: bigint; earned: bigint }> {
  const { chain } = running();
  const before = [await chain.balanceOf(payer.address), await chain.balanceOf(seller.address)] as const;
  await work();
  const after = [await chain.balanceOf(payer.address), await chain.balanceOf(seller.address)] as const;
  return { paid: before[0] - after[0], earned: after[1] - before[1] };
}

const PRICE_MOVED = { paid: ONE_CENT, earned: ONE_CENT };

const signer = () => privateKeyToAccount(payer.privateKey);

/** The client of version 1 as it is published. */
function v1Fetch(answers: Response[]): (url: string) => Promise<Response> {
  const account = privateKeyToAccount(payer.privateKey);
  const wallet = createWalletClient({ account, chain: baseSepolia, transport: http(running().vars.RPC_URL) });
  const noted: typeof fetch = async (...args) => {
    const answer = await fetch(...args);
    answers.push(answer);
    return answer;
  };
  return wrapFetchWithPayment(noted, wallet as unknown as Parameters<typeof wrapFetchWithPayment>[1]) as (
    url: string,
  ) => Promise<Response>;
}

describe.each(RUNTIMES)("in %s", (runtime) => {
  it.each([
    ["eip3009", "/weather"],
    ["permit2", "/weather"],
    ["permit2", "/late/weather"],
    ["upto", "/metered/weather"],
  ])("the official client pays by %s for %s: exactly the price moves", async (ways, path) => {
    const url = await gatewayFor(runtime, ways);
    const change = await moved(async () => {
      const result = await pay(url + path, { rpcUrl: running().chain.url });
      expect(result).toMatchObject({
        ok: true,
        status: 200,
        receipt: { success: true, payer: payer.address },
      });
      expect(result.offer?.scheme).toBe(ways === "upto" ? "upto" : "exact");
      expect(result.receipt?.amount).toBe(ways === "upto" ? "10000" : undefined);
    });
    expect(change).toEqual(PRICE_MOVED);
  });

  it("the client of version 1 pays the same route: the price moves once, and the receipt is in its words", async () => {
    const url = await gatewayFor(runtime, "eip3009");
    const answers: Response[] = [];
    const change = await moved(async () => {
      const answer = await v1Fetch(answers)(`${url}/weather`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toHaveProperty("temperature");
      expect(decodeXPaymentResponse(answer.headers.get("x-payment-response") ?? "")).toMatchObject({
        success: true,
        network: "base-sepolia",
        payer: payer.address,
      });
      expect(decode(answer.headers.get("payment-response"))).toMatchObject({ network: "eip155:84532" });
    });
    expect(answers.map(({ status }) => status)).toEqual([402, 200]);
    expect(change).toEqual(PRICE_MOVED);
  });

  it("the client of version 2 pays by what the body says to version 1, where it has no header to read", async () => {
    const url = await gatewayFor(runtime, "eip3009");
    const client = new x402Client().registerV1("base-sepolia", new ExactEvmSchemeV1(signer()));
    const sent: string[] = [];
    const withoutHeader: typeof fetch = async (...args) => {
      const request = new Request(...args);
      sent.push(...["payment-signature", "x-payment"].filter((name) => request.headers.has(name)));
      const answer = await fetch(request);
      const headers = new Headers(answer.headers);
      headers.delete("payment-required");
      return new Response(answer.body, { status: answer.status, headers });
    };
    const change = await moved(async () => {
      const answer = await wrapV2(withoutHeader, client)(`${url}/weather`);
      expect(answer.status).toBe(200);
    });
    expect(sent).toEqual(["x-payment"]);
    expect(change).toEqual(PRICE_MOVED);
  });

  it("one authorization presented in both versions at once buys once", async () => {
    const url = `${await gatewayFor(runtime, "eip3009")}/weather`;
    const quoted = await fetch(url);
    const { accepts } = decode(quoted.headers.get("payment-required")) as { accepts: [Requirements] };
    const v2 = await sign(accepts[0]);
    const { payload } = decode(v2);
    const v1 = encode({ x402Version: 1, scheme: "exact", network: "base-sepolia", payload });
    const change = await moved(async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          fetch(url, { headers: i % 2 ? { "x-payment": v1 } : { "payment-signature": v2 } }),
        ),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, 409, 409, 409, 409, 409]);
    });
    expect(change).toEqual(PRICE_MOVED);
  });
});

it.each([
  ["permit2", "/weather"],
  ["permit2", "/late/weather"],
  ["upto", "/metered/weather"],
])("%s, %s: a payer who has not let Permit2 take the token is told so", async (ways, path) => {
  const url = (await gatewayFor("node", ways)) + path;
  const quoted = await fetch(url);
  const { accepts } = decode(quoted.headers.get("payment-required")) as { accepts: [Requirements] };
  // Has tokens, and has approved nobody.
  const privateKey = `0x${"77".repeat(32)}` as const;
  await running().chain.mint(privateKeyToAccount(privateKey).address, 1_000_000n);
  const payment = await payWithPermit(accepts[0], { privateKey });
  const answer = await fetch(url, { headers: { "payment-signature": payment } });
  expect(answer.status).toBe(402);
  expect(await answer.json()).toMatchObject({ reason: "permit2_allowance_required" });
});
