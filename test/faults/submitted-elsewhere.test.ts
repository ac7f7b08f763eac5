/** An authorization that somebody else has brought to the chain before it was presented: the payer has paid the seller. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { TOKEN, TOKEN_ABI } from "../../dev/token.ts";
import { connectWallet } from "../../dev/wallet.ts";
import { decode } from "../fixtures/sign.ts";
import { type Lab, PRICE, startLab } from "../lab/lab.ts";
import { comesBack, HAD, IMPATIENT, recordBecomes, SERVED } from "./impatient.ts";

type Hex = `0x${string}`;
type Signed = {
  signature: Hex;
  authorization: { from: Hex; to: Hex; value: string; validAfter: string; validBefore: string; nonce: Hex };
};

let lab: Lab;
beforeAll(async () => {
  lab = await startLab("submitted", "node", IMPATIENT);
});
afterAll(() => lab?.close());

async function submit(payment: string): Promise<void> {
  const { signature, authorization } = decode(payment).payload as Signed;
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const times = [BigInt(value), BigInt(validAfter), BigInt(validBefore)] as const;
  const wallet = connectWallet(lab.chain.url, seller.privateKey);
  const token = {
    address: TOKEN.address,
    abi: TOKEN_ABI,
    functionName: "transferWithAuthorization",
  } as const;
  const hash = await wallet.writeContract({ ...token, args: [from, to, ...times, nonce, signature] });
  await wallet.waitForTransactionReceipt({ hash });
}

async function isServed(path: string): Promise<void> {
  const before = await lab.earned();
  const payment = await lab.sign(path);
  await submit(payment);
  expect((await lab.earned()) - before).toBe(PRICE);
  // Not asked for longer than a doubt lasts: a refusal now is a refusal.
  const first = await lab.present(path, payment);
  expect(first).toMatchObject({ status: 503, code: "payment_outcome_unknown" });
  await comesBack(lab, path, payment, SERVED);
  await recordBecomes(lab, payment, HAD);
  expect((await lab.earned()) - before).toBe(PRICE);
}

it("before-response: the chain is asked, and the payer is served", () => isServed("/weather"));

it("after-response: the chain is asked, and the payer is served", () => isServed("/late/weather"));
