/** Permit2 on a real chain: what is charged of an `upto` payment, and what the chain can tell of a permit afterwards. */
import { parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { payer, seller } from "../../dev/accounts.ts";
import { type Chain, startChain } from "../../dev/chain.ts";
import { type Facilitator, startFacilitator } from "../../dev/facilitator.ts";
import { PERMIT2 } from "../../dev/token.ts";
import { connectWallet } from "../../dev/wallet.ts";
import { rpcChain } from "../../src/chain/rpc.ts";
import type { Call, Claim, Payment } from "../../src/core/call.ts";
import type { PaymentRequirements } from "../../src/core/x402.ts";
import { httpFacilitator } from "../../src/facilitator/http.ts";
import { httpKinds } from "../../src/facilitator/supported.ts";
import { makePresent } from "../../src/payment/present.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { makeCashier } from "../../src/settlement/settle.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { arrivalOf, REQUIREMENTS, routeOf } from "../unit/call.ts";

const SCHEMES = ["exact", "upto"] as const;
type Scheme = (typeof SCHEMES)[number];

let chain: Chain;
let facilitator: Facilitator;
let witness: ReturnType<typeof rpcChain>;
/** When the payments of this file are first seen, ms. */
let since = 0;

beforeAll(async () => {
  chain = await startChain();
  facilitator = await startFacilitator({ rpcUrl: chain.url });
  await chain.mint(payer.address, 10_000_000n);
  await chain.allowPermit2(payer.privateKey);
  witness = rpcChain({ [REQUIREMENTS.network]: chain.url }, 5000, console.error);
  since = Date.now();
}, 30_000);
afterAll(async () => {
  await facilitator?.close();
  await chain?.close();
});

/** The gateway's rooms in front of the facilitator, without a store. */
function rooms() {
  const map = { default: facilitator.url, chains: {}, timeoutMs: 5000 };
  const kinds = httpKinds(map, console.error, Date.now);
  const settler = httpFacilitator(map, console.error);
  return { kinds, settler, present: makePresent(Date.now, kinds), cashier: makeCashier(settler) };
}

async function presented(
  scheme: Scheme,
): Promise<{ payment: Payment; call: Call; accepts: PaymentRequirements[] }> {
  const { kinds, present } = rooms();
  const extra = { ...REQUIREMENTS.extra, assetTransferMethod: "permit2" };
  const accepts = await kinds.complete([{ ...REQUIREMENTS, scheme, payTo: seller.address, extra }]);
  const header = await payWithPermit(accepts[0] as PaymentRequirements);
  const arrival = arrivalOf("GET", "/weather", { "payment-signature": header });
  const call: Call = compileMatch([routeOf("GET /weather")])(arrival);
  const payment = await present(call, accepts);
  if (!payment) throw new Error("no payment");
  return { payment, call, accepts };
}

const claimOf = (payment: Payment) =>
  ({ payment, inDoubtSince: undefined, settled: () => undefined }) as unknown as Claim;

describe("what is charged of an upto payment", () => {
  it.each(["4000", "10000", "1"])("%s: that moves, and the receipt says so", async (amount) => {
    const { payment, call, accepts } = await presented("upto");
    const before = await chain.balanceOf(seller.address);
    const receipt = await rooms().cashier.settle(call, claimOf(payment), accepts, amount);
    expect(receipt).toMatchObject({ success: true, amount, payer: payer.address });
    expect((await chain.balanceOf(seller.address)) - before).toBe(BigInt(amount));
  });

  it("more than was signed for: what was signed for, and no more", async () => {
    const { payment, call, accepts } = await presented("upto");
    const receipt = await rooms().cashier.settle(call, claimOf(payment), accepts, "10001");
    expect(receipt).toMatchObject({ amount: "10000" });
  });

  it("nothing: is settled without asking anybody", async () => {
    const { payment, call, accepts } = await presented("upto");
    const asked = facilitator.counters.settle;
    const receipt = await rooms().cashier.settle(call, claimOf(payment), accepts, "0");
    expect(receipt).toMatchObject({ success: true, amount: "0", transaction: "" });
    expect(facilitator.counters.settle).toBe(asked);
  });

  it("an exact payment is charged whole, whatever is asked for", async () => {
    const { payment, call, accepts } = await presented("exact");
    const before = await chain.balanceOf(seller.address);
    await rooms().cashier.settle(call, claimOf(payment), accepts, "1");
    expect((await chain.balanceOf(seller.address)) - before).toBe(10_000n);
  });
});

describe.each(SCHEMES)("what the chain tells of a permit for %s", (scheme) => {
  it("unspent: open", async () => {
    const { payment } = await presented(scheme);
    expect(await witness.lookUp(payment, since)).toEqual({ kind: "open" });
  });

  it("settled: spent, in that transaction, with what was taken", async () => {
    const { payment } = await presented(scheme);
    const amount = scheme === "upto" ? "2500" : "10000";
    const settled = await rooms().settler.settle(payment, scheme === "upto" ? amount : undefined);
    if (settled.kind !== "settled") throw new Error(settled.reason);
    const { transaction } = settled.receipt;
    // Others that look like it, before and after.
    await rooms().settler.settle((await presented(scheme)).payment);
    const spent = { kind: "spent", transaction, amount };
    expect(await witness.lookUp(payment, since)).toEqual(spent);
    expect(await witness.lookUp({ ...payment, amount }, since)).toEqual(spent);
    if (scheme === "upto")
      expect(await witness.lookUp({ ...payment, amount: "2501" }, since)).toEqual({ kind: "unavailable" });
  });

  it("settled before it was presented here: bought something else", async () => {
    const { payment } = await presented(scheme);
    await rooms().settler.settle(payment);
    expect(await witness.lookUp(payment, Date.now() + 60_000)).toEqual({ kind: "diverted" });
  });

  it("its nonce spent on nothing: not known, though the same amount came from the same payer", async () => {
    const { payment } = await presented(scheme);
    await rooms().settler.settle((await presented(scheme)).payment);
    if (!("permit2Authorization" in payment.scheme)) throw new Error("not a permit");
    const nonce = BigInt(payment.scheme.permit2Authorization.nonce);
    const wallet = connectWallet(chain.url, payer.privateKey);
    await wallet.waitForTransactionReceipt({
      hash: await wallet.writeContract({
        address: PERMIT2,
        abi: parseAbi(["function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)"]),
        functionName: "invalidateUnorderedNonces",
        args: [nonce >> 8n, 1n << (nonce & 0xffn)],
      }),
    });
    expect(await witness.lookUp(payment, since)).toEqual({ kind: "unavailable" });
  });

  it("somebody else's permit with the same nonce: is another", async () => {
    const { payment } = await presented(scheme);
    await rooms().settler.settle(payment);
    if (!("permit2Authorization" in payment.scheme)) throw new Error("not a permit");
    const from = privateKeyToAccount(`0x${"42".repeat(32)}`).address;
    const permit2Authorization = { ...payment.scheme.permit2Authorization, from };
    const other = { ...payment, scheme: { ...payment.scheme, permit2Authorization } } as Payment;
    expect(await witness.lookUp(other, since)).toEqual({ kind: "open" });
  });

  it("unspent and too late by more than a reorganisation: dead", async () => {
    const { payment } = await presented(scheme);
    const wallet = connectWallet(chain.url, payer.privateKey);
    const id = await wallet.snapshot();
    await wallet.increaseTime({ seconds: 60 + 121 });
    await wallet.mine({ blocks: 1 });
    expect(await witness.lookUp(payment, since)).toEqual({ kind: "dead" });
    await wallet.revert({ id });
  });
});
