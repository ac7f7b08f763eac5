import { concat, type Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { minter, payer, seller } from "../../dev/accounts.ts";
import { type Chain, startChain } from "../../dev/chain.ts";
import artifacts from "../../dev/contracts/artifacts.json" with { type: "json" };
import { type Facilitator, startFacilitator } from "../../dev/facilitator.ts";
import { demand, signPayment } from "../../dev/payment.ts";
import { TOKEN, TOKEN_ABI } from "../../dev/token.ts";
import { connectWallet } from "../../dev/wallet.ts";
import { ask } from "./facilitator-client.ts";

let chain: Chain;
let facilitator: Facilitator;

beforeAll(async () => {
  chain = await startChain();
  facilitator = await startFacilitator({ rpcUrl: chain.url });
  await chain.mint(payer.address, 10_000_000n);
}, 30_000);

afterAll(async () => {
  await facilitator?.close();
  await chain?.close();
});

const newAddress = () => privateKeyToAddress(generatePrivateKey());

describe("a payment signed by viem", () => {
  test("verifies, settles, and moves exactly the amount", async () => {
    const payment = await signPayment(demand(12_345n));
    const before = [await chain.balanceOf(payer.address), await chain.balanceOf(seller.address)];
    expect(await ask(facilitator.url, "verify", payment)).toMatchObject({
      isValid: true,
      payer: payer.address,
    });
    const settled = await ask(facilitator.url, "settle", payment);
    expect(settled).toMatchObject({ success: true, network: "eip155:84532", payer: payer.address });
    expect(settled).toHaveProperty("transaction", expect.stringMatching(/^0x[0-9a-f]{64}$/));
    const after = [await chain.balanceOf(payer.address), await chain.balanceOf(seller.address)];
    expect(after).toEqual([(before[0] ?? 0n) - 12_345n, (before[1] ?? 0n) + 12_345n]);
  });

  test("cannot be used twice", async () => {
    const payTo = newAddress();
    const payment = await signPayment(demand(1000n, payTo));
    expect(await ask(facilitator.url, "settle", payment)).toMatchObject({ success: true });
    const reason = "invalid_exact_evm_nonce_already_used";
    expect(await ask(facilitator.url, "verify", payment)).toMatchObject({
      isValid: false,
      invalidReason: reason,
    });
    expect(await ask(facilitator.url, "settle", payment)).toMatchObject({
      success: false,
      errorReason: reason,
    });
    expect(await chain.balanceOf(payTo)).toBe(1000n);
  });

  test("settles once when settled twice at the same time, and later payments are not held up", async () => {
    const payTo = newAddress();
    const payment = await signPayment(demand(1000n, payTo));
    const answers = await Promise.all([1, 2, 3].map(() => ask(facilitator.url, "settle", payment)));
    expect(answers.filter((answer) => "success" in answer && answer.success)).toHaveLength(1);
    expect(await ask(facilitator.url, "settle", await signPayment(demand(500n, payTo)))).toMatchObject({
      success: true,
    });
    expect(await chain.balanceOf(payTo)).toBe(1500n);
  });

  test("settles beside 19 others at the same time", async () => {
    const payTo = newAddress();
    const payments = await Promise.all(Array.from({ length: 20 }, () => signPayment(demand(100n, payTo))));
    const answers = await Promise.all(payments.map((payment) => ask(facilitator.url, "settle", payment)));
    expect(answers.map((answer) => "success" in answer && answer.success)).toEqual(Array(20).fill(true));
    expect(new Set(answers.map((answer) => "transaction" in answer && answer.transaction)).size).toBe(20);
    expect(await chain.balanceOf(payTo)).toBe(2000n);
  });
});

describe("a refused payment says why", () => {
  test.each([
    ["insufficient_balance", () => signPayment(demand(1n), generatePrivateKey())],
    ["valid_before", () => signPayment(demand(1n), payer.privateKey, { validBefore: "1" })],
    ["valid_after", () => signPayment(demand(1n), payer.privateKey, { validAfter: "99999999999" })],
    ["recipient_mismatch", () => signPayment(demand(1n), payer.privateKey, { to: minter.address })],
    ["signature", () => signPayment(demand(1n), generatePrivateKey(), { from: payer.address })],
  ])("%s", async (reason, sign) => {
    const answer = await ask(facilitator.url, "verify", await sign());
    expect(answer).toMatchObject({ isValid: false, invalidReason: expect.stringContaining(reason) });
  });

  test("cancelled by the payer", async () => {
    const payment = await signPayment(demand(1n));
    const { nonce } = payment.payload.authorization;
    const wallet = connectWallet(chain.url, payer.privateKey);
    const signature = await wallet.account.signTypedData({
      domain: { ...payment.accepted.extra, chainId: chain.chainId, verifyingContract: chain.token },
      types: {
        CancelAuthorization: [
          { name: "authorizer", type: "address" },
          { name: "nonce", type: "bytes32" },
        ],
      },
      primaryType: "CancelAuthorization",
      message: { authorizer: payer.address, nonce },
    });
    const token = { address: TOKEN.address, abi: TOKEN_ABI } as const;
    const args = [payer.address, nonce, signature] as const;
    const hash = await wallet.writeContract({ ...token, functionName: "cancelAuthorization", args });
    await wallet.waitForTransactionReceipt({ hash });
    expect(await ask(facilitator.url, "verify", payment)).toMatchObject({ isValid: false });
  });
});

test("a smart wallet pays with a signature that only it can judge", async () => {
  const owner = connectWallet(chain.url, seller.privateKey);
  const { abi, bytecode } = artifacts.Wallet;
  const hash = await owner.deployContract({ abi, bytecode: bytecode as Hex, args: [payer.address] });
  const { contractAddress } = await owner.waitForTransactionReceipt({ hash });
  if (!contractAddress) throw new Error("The wallet was not deployed.");
  await chain.mint(contractAddress, 700n);
  const payTo = newAddress();
  const payment = await signPayment(demand(700n, payTo), payer.privateKey, { from: contractAddress });
  expect(await ask(facilitator.url, "settle", payment)).toMatchObject({ success: false });
  payment.payload.signature = concat([payment.payload.signature, "0x01"]);
  expect(await ask(facilitator.url, "verify", payment)).toMatchObject({
    isValid: true,
    payer: contractAddress,
  });
  expect(await ask(facilitator.url, "settle", payment)).toMatchObject({ success: true });
  expect(await chain.balanceOf(payTo)).toBe(700n);
});
