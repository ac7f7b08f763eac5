/**
 * Settlements that nobody saw end, on a real chain with the real facilitator behind a wire that loses replies: the payer
 * pays once and gets what was paid for, whatever was lost.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { payer, seller } from "../../dev/accounts.ts";
import { type Stack, startStack } from "../../dev/stack.ts";
import { TOKEN, TOKEN_ABI, TRANSFER_TYPES } from "../../dev/token.ts";
import { connectWallet } from "../../dev/wallet.ts";
import { createTollbooth } from "../../src/index.ts";
import { connect } from "../../src/stores/redis.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { decode, type Requirements, sign } from "../fixtures/sign.ts";
import config from "../fixtures/tollbooth.config.ts";

const PRICE = 10_000n;
/** A payment in doubt is left alone for two seconds. */
const PATIENCE = { timeout: 8000 };

let stack: Stack | undefined;
let wire: Awaited<ReturnType<typeof startLossyWire>> | undefined;
beforeAll(async () => {
  stack = await startStack({ redisPort: 0, chainPort: 0, facilitatorPort: 0, upstreamPort: 0 });
  wire = await startLossyWire(stack.vars.FACILITATOR_URL ?? "");
});
afterAll(async () => {
  await wire?.close();
  await stack?.close();
});
beforeEach(() => {
  if (wire) wire.mode = "works";
});

/** In front of the facilitator: passes requests on, but may keep a settlement's reply, or the request, to itself. */
async function startLossyWire(target: string) {
  const state = {
    mode: "works" as "works" | "loses-replies" | "loses-requests",
    url: "",
    close: async () => {},
  };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { url = "", method = "" } = request;
    const mode = url === "/settle" ? state.mode : "works";
    if (mode === "loses-requests") return void request.socket.destroy();
    const reply = await fetch(target + url, {
      method,
      ...(method === "POST" ? { body } : {}),
      headers: { "content-type": "application/json" },
    });
    const text = await reply.text();
    if (mode === "loses-replies") return void request.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json" }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return state;
}

function gateway(rpc: "chain" | "no chain", ways = "eip3009") {
  const { vars, chain } = running();
  const env = {
    ...vars,
    FACILITATOR_URL: wire?.url,
    WAYS: ways,
    REDIS_URL: vars.UPSTASH_REDIS_REST_URL,
    REDIS_TOKEN: vars.UPSTASH_REDIS_REST_TOKEN,
  };
  const source = (given: Record<string, unknown>) => ({
    ...(config(given) as object),
    ...(rpc === "chain" ? { rpc: { "base-sepolia": chain.url } } : {}),
  });
  const app = createTollbooth(source, {
    emit: () => undefined,
    platform: (c) => ({
      env,
      rawPath: new URL(c.req.url).pathname,
      clientAddress: undefined,
      waitUntil: (work) => void work.catch(() => undefined),
    }),
  });
  const call = (path: string, payment?: string) =>
    app.request(
      `http://gateway.example${path}`,
      payment ? { headers: { "payment-signature": payment } } : {},
    );
  const quote = async (path: string) => {
    const { accepts } = decode((await call(path)).headers.get("payment-required")) as {
      accepts: [Requirements];
    };
    return accepts[0];
  };
  return { call, quote };
}

function running(): Stack {
  if (!stack) throw new Error("the stack has not started");
  return stack;
}

const earned = () => running().chain.balanceOf(seller.address);

async function codeOf(answer: Response): Promise<unknown> {
  const { code } = (await answer.json()) as { code?: string };
  return code;
}

describe.each(["/weather", "/late/weather"])("%s, with a chain to ask", (path) => {
  it("a settlement whose reply was lost is found on the chain: paid once, and served", async () => {
    const { call, quote } = gateway("chain");
    const before = await earned();
    const payment = await sign(await quote(path));
    if (wire) wire.mode = "loses-replies";
    expect(await codeOf(await call(path, payment))).toBe("payment_outcome_unknown");
    if (wire) wire.mode = "works";
    await expect.poll(async () => (await call(path, payment)).status, PATIENCE).toBe(200);
    expect((await earned()) - before).toBe(PRICE);
  });

  it("a settlement that never reached the facilitator is made up for", async () => {
    const { call, quote } = gateway("chain");
    const before = await earned();
    const payment = await sign(await quote(path));
    if (wire) wire.mode = "loses-requests";
    expect((await call(path, payment)).status).toBe(503);
    if (wire) wire.mode = "works";
    await expect.poll(async () => (await call(path, payment)).status, PATIENCE).toBe(200);
    expect((await earned()) - before).toBe(PRICE);
  });
});

describe.each(["permit2", "upto"])("by %s, with a chain to ask", (ways) => {
  const amount = ways === "upto" ? PRICE.toString() : undefined;
  // What is used up is sold by `upto`, and nothing else is.
  const path = ways === "upto" ? "/metered/weather" : "/late/weather";

  it.each(["loses-replies", "loses-requests"] as const)(
    "a settlement whose wire %s is found out or made up for: paid once, and served with its receipt",
    async (mode) => {
      const { call, quote } = gateway("chain", ways);
      const before = await earned();
      const payment = await payWithPermit(await quote(path));
      if (wire) wire.mode = mode;
      expect(await codeOf(await call(path, payment))).toBe("payment_outcome_unknown");
      if (wire) wire.mode = "works";
      let answer: Response | undefined;
      const again = async () => {
        answer = await call(path, payment);
        return answer.status;
      };
      await expect.poll(again, PATIENCE).toBe(200);
      const receipt = decode(answer?.headers.get("payment-response") ?? null);
      expect(receipt).toMatchObject({ success: true, payer: payer.address });
      expect(receipt.amount).toBe(amount);
      expect((await earned()) - before).toBe(PRICE);
    },
  );

  it("without a chain, a lost settlement of exact is made up for; one of upto stays in doubt rather than be charged whole", async () => {
    const { call, quote } = gateway("no chain", ways);
    const before = await earned();
    const payment = await payWithPermit(await quote(path));
    if (wire) wire.mode = "loses-requests";
    expect(await codeOf(await call(path, payment))).toBe("payment_outcome_unknown");
    if (wire) wire.mode = "works";
    const seen = new Set<number>();
    const again = async () => {
      seen.add((await call(path, payment)).status);
      return seen.has(200) || seen.has(503);
    };
    await expect.poll(again, PATIENCE).toBe(true);
    expect(seen.has(ways === "upto" ? 503 : 200)).toBe(true);
    expect((await earned()) - before).toBe(ways === "upto" ? 0n : PRICE);
  });
});

describe("what the chain says is believed, and no more", () => {
  async function inDoubt(tampering: Parameters<typeof sign>[1] = {}) {
    const { call, quote } = gateway("chain");
    const requirements = await quote("/weather");
    const nonce = `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex")}` as const;
    const payment = await sign(requirements, {
      ...tampering,
      authorization: { nonce, ...tampering.authorization },
    });
    if (wire) wire.mode = "loses-requests";
    expect(await codeOf(await call("/weather", payment))).toBe("payment_outcome_unknown");
    if (wire) wire.mode = "works";
    return { call, payment, nonce };
  }

  it("a payer who spends the nonce on another transfer has not paid", async () => {
    const before = await earned();
    const { call, payment, nonce } = await inDoubt();
    const wallet = connectWallet(running().chain.url, payer.privateKey);
    const message = {
      from: payer.address,
      to: payer.address,
      value: PRICE,
      validAfter: 0n,
      validBefore: 2n ** 40n,
      nonce,
    };
    const domain = {
      name: TOKEN.name,
      version: TOKEN.version,
      chainId: 84532,
      verifyingContract: TOKEN.address,
    };
    const types = TRANSFER_TYPES;
    const signature = await wallet.signTypedData({
      domain,
      types,
      primaryType: "TransferWithAuthorization",
      message,
    });
    const args = [payer.address, payer.address, PRICE, 0n, 2n ** 40n, nonce, signature] as const;
    const token = { address: TOKEN.address, abi: TOKEN_ABI };
    await wallet.waitForTransactionReceipt({
      hash: await wallet.writeContract({ ...token, functionName: "transferWithAuthorization", args }),
    });
    await expect
      .poll(async () => (await call("/weather", payment)).json(), PATIENCE)
      .toMatchObject({ code: "payment_rejected", reason: "authorization_spent_elsewhere" });
    expect(await earned()).toBe(before);
  });

  it("a payer who cancels the authorization has not paid", async () => {
    const before = await earned();
    const { call, payment, nonce } = await inDoubt();
    const wallet = connectWallet(running().chain.url, payer.privateKey);
    const domain = {
      name: TOKEN.name,
      version: TOKEN.version,
      chainId: 84532,
      verifyingContract: TOKEN.address,
    };
    const types = {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    } as const;
    const message = { authorizer: payer.address, nonce };
    const signature = await wallet.signTypedData({
      domain,
      types,
      primaryType: "CancelAuthorization",
      message,
    });
    const args = [payer.address, nonce, signature] as const;
    const token = { address: TOKEN.address, abi: TOKEN_ABI };
    await wallet.waitForTransactionReceipt({
      hash: await wallet.writeContract({ ...token, functionName: "cancelAuthorization", args }),
    });
    await expect
      .poll(async () => (await call("/weather", payment)).json(), PATIENCE)
      .toMatchObject({ code: "payment_rejected", reason: "authorization_spent_elsewhere" });
    expect(await earned()).toBe(before);
  });

  it("a settlement from before the payment was first presented here has bought something else", async () => {
    const { call, quote } = gateway("chain");
    const payment = await sign(await quote("/weather"));
    if (wire) wire.mode = "loses-replies";
    expect(await codeOf(await call("/weather", payment))).toBe("payment_outcome_unknown");
    if (wire) wire.mode = "works";
    await onRecordsInDoubt("redis.call('HSET', key, 'since', '9999999999999', 'lease', '1')");
    await expect
      .poll(async () => (await call("/weather", payment)).json(), PATIENCE)
      .toMatchObject({ code: "payment_rejected", reason: "authorization_spent_elsewhere" });
  });

  it("somebody else who submits the payer's authorization has paid for the payer", async () => {
    const before = await earned();
    const { call, payment } = await inDoubt();
    const { payload } = JSON.parse(Buffer.from(payment, "base64").toString()) as { payload: Signed };
    const { from, to, value, validAfter, validBefore, nonce } = payload.authorization;
    const wallet = connectWallet(running().chain.url, seller.privateKey);
    const times = [BigInt(value), BigInt(validAfter), BigInt(validBefore)] as const;
    await wallet.waitForTransactionReceipt({
      hash: await wallet.writeContract({
        address: TOKEN.address,
        abi: TOKEN_ABI,
        functionName: "transferWithAuthorization",
        args: [from, to, ...times, nonce, payload.signature],
      }),
    });
    await expect.poll(async () => (await call("/weather", payment)).status, PATIENCE).toBe(200);
    expect((await earned()) - before).toBe(PRICE);
  });
});

type Hex = `0x${string}`;
type Signed = {
  signature: Hex;
  authorization: { from: Hex; to: Hex; value: string; validAfter: string; validBefore: string; nonce: Hex };
};

describe("without a chain to ask", () => {
  it("a settlement that never reached the facilitator is made up for", async () => {
    const { call, quote } = gateway("no chain");
    const before = await earned();
    const payment = await sign(await quote("/weather"));
    if (wire) wire.mode = "loses-requests";
    expect((await call("/weather", payment)).status).toBe(503);
    if (wire) wire.mode = "works";
    await expect.poll(async () => (await call("/weather", payment)).status, PATIENCE).toBe(200);
    expect((await earned()) - before).toBe(PRICE);
  });

  it("one whose reply was lost stays in doubt: neither charged again nor called unpaid", async () => {
    const { call, quote } = gateway("no chain");
    const before = await earned();
    const payment = await sign(await quote("/weather"));
    if (wire) wire.mode = "loses-replies";
    expect((await call("/weather", payment)).status).toBe(503);
    if (wire) wire.mode = "works";
    await expect
      .poll(async () => codeOf(await call("/weather", payment)), PATIENCE)
      .toBe("payment_outcome_unknown");
    expect((await earned()) - before).toBe(PRICE);
  });
});

it("an isolate that died while the money moved: the next one finds out and serves", async () => {
  const { call, quote } = gateway("chain");
  const before = await earned();
  const payment = await sign(await quote("/weather"));
  if (wire) wire.mode = "loses-replies";
  await call("/weather", payment);
  if (wire) wire.mode = "works";
  // What a dead isolate leaves behind: a claim, and a lease that nobody renews.
  await onRecordsInDoubt("redis.call('HSET', key, 'state', 'claimed', 'lease', '1')");
  await expect.poll(async () => (await call("/weather", payment)).status, PATIENCE).toBe(200);
  expect((await earned()) - before).toBe(PRICE);
});

/** Waits until a record in doubt has been written, and runs Lua on it. */
async function onRecordsInDoubt(lua: string): Promise<void> {
  const { UPSTASH_REDIS_REST_URL: url = "", UPSTASH_REDIS_REST_TOKEN: token = "" } = running().vars;
  const script = `local found = 0 for _, key in ipairs(redis.call('KEYS', 'test:verify:*')) do
    if redis.call('HGET', key, 'state') == 'unknown' then ${lua} found = found + 1 end end return found`;
  const run = connect({ url, token, prefix: "test", timeoutMs: 1000 });
  await expect.poll(async () => Number((await run([{ script, keys: [], args: [] }]))[0])).toBeGreaterThan(0);
}
