/** What proves that a permit has paid, against a node that says what the test says. The real chain is in `test/stack/permits.test.ts`. */

import { x402ExactPermit2ProxyABI, x402UptoPermit2ProxyABI } from "@x402/evm";
import { encodeFunctionData } from "viem";
import { describe, expect, it } from "vitest";
import { EXACT_PROXY, UPTO_PROXY } from "../../dev/token.ts";
import { TRANSFER, word } from "../../src/chain/abi.ts";
import type { Call } from "../../src/chain/node.ts";
import { lookUpPermit } from "../../src/chain/permit.ts";
import { PAYER, REQUIREMENTS, TRANSACTION } from "./call.ts";

const SINCE = 1_790_000_000_000;
const NONCE = 2n ** 200n + 77n;
const owner = PAYER as `0x${string}`;
const token = REQUIREMENTS.asset as `0x${string}`;
const to = REQUIREMENTS.payTo as `0x${string}`;
const permitted = { token, amount: 10_000n };

const permit = (scheme: string) => ({
  from: PAYER,
  permitted: { token: REQUIREMENTS.asset, amount: "10000" },
  spender: scheme === "upto" ? UPTO_PROXY : EXACT_PROXY,
  nonce: NONCE.toString(),
  deadline: "1790000060",
  witness: { to: REQUIREMENTS.payTo, validAfter: "0" },
});

/** The call that settles, as the SDK's facilitator encodes it. */
function settlement(
  scheme: string,
  change: { nonce?: bigint; owner?: `0x${string}`; sponsored?: boolean } = {},
) {
  const { nonce = NONCE, owner: from = owner, sponsored = false } = change;
  const terms = { permitted, nonce, deadline: 1_790_000_060n };
  const word32 = `0x${"00".repeat(32)}` as const;
  const allowance = { value: 1n, deadline: 1n, r: word32, s: word32, v: 27 };
  const functionName = sponsored ? "settleWithPermit" : "settle";
  const before = sponsored ? [allowance] : [];
  const signature = `0x${"11".repeat(65)}` as const;
  if (scheme === "exact") {
    const args = [...before, terms, from, { to, validAfter: 0n }, signature];
    return encodeFunctionData({ abi: x402ExactPermit2ProxyABI, functionName, args } as never);
  }
  const args = [...before, terms, 4000n, from, { to, facilitator: owner, validAfter: 0n }, signature];
  return encodeFunctionData({ abi: x402UptoPermit2ProxyABI, functionName, args } as never);
}

type Chain = {
  to?: string | null;
  input?: string;
  value?: bigint;
  logs?: number;
  minedAt?: number;
  bitmap?: bigint;
};

/** A node on which the nonce is spent, and such a transfer was made in such a transaction. */
function nodeOf({
  to = EXACT_PROXY,
  input = "0x",
  value = 10_000n,
  logs = 1,
  minedAt = SINCE / 1000,
  bitmap,
}: Chain) {
  const asked: string[] = [];
  const log = {
    address: REQUIREMENTS.asset,
    topics: [TRANSFER, `0x${word(PAYER)}`, `0x${word(REQUIREMENTS.payTo)}`],
    data: `0x${word(value)}`,
    logIndex: "0x0",
    transactionHash: TRANSACTION,
    blockNumber: "0x60",
  };
  const replies: Record<string, unknown> = {
    eth_getBlockByNumber: { number: "0x64", timestamp: `0x${minedAt.toString(16)}` },
    eth_call: `0x${word(bitmap ?? 1n << (NONCE & 0xffn))}`,
    eth_getLogs: Array(logs).fill(log),
    eth_getTransactionByHash: { to, input },
  };
  const call: Call = async (method) => {
    asked.push(method);
    return replies[method];
  };
  return { call, asked };
}

const lookUp = (scheme: string, chain: Chain, amount?: string) =>
  lookUpPermit(
    nodeOf(chain).call,
    permit(scheme),
    { requirements: { ...REQUIREMENTS, scheme }, ...(amount === undefined ? {} : { amount }) },
    SINCE,
  );

describe.each([
  ["exact", EXACT_PROXY, UPTO_PROXY, 10_000n],
  ["upto", UPTO_PROXY, EXACT_PROXY, 4000n],
] as const)("a permit for %s whose nonce is spent", (scheme, proxy, other, value) => {
  it.each([false, true])(
    "has paid when the proxy was called with it (gas sponsored: %s)",
    async (sponsored) => {
      const input = settlement(scheme, { sponsored });
      expect(await lookUp(scheme, { to: proxy, input, value })).toEqual({
        kind: "spent",
        transaction: TRANSACTION,
        amount: value.toString(),
      });
    },
  );

  it.each<[string, Chain]>([
    ["in a call of another contract", { to: "0xcA11bde05977b3631167028862bE2a173976CA11" }],
    ["in a call of the other proxy", { to: other }],
    ["in the creation of a contract", { to: null }],
    ["with another nonce", { input: settlement(scheme, { nonce: NONCE + 1n }) }],
    ["with another owner", { input: settlement(scheme, { owner: to }) }],
    ["with another function", { input: `0xdeadbeef${settlement(scheme).slice(10)}` }],
    [
      "with its arguments behind others",
      { input: `${settlement(scheme).slice(0, 10)}${word(0n)}${settlement(scheme).slice(10)}` },
    ],
    ["without arguments", { input: settlement(scheme).slice(0, 10) }],
    ["of more than was signed for", { value: 10_001n }],
    ["nowhere", { logs: 0 }],
  ])("is not known to have paid when the transfer is %s", async (_, chain) => {
    const honest = { to: proxy, input: settlement(scheme), value };
    expect(await lookUp(scheme, { ...honest, ...chain })).toEqual({ kind: "unavailable" });
  });

  it("paid for something else when that was before it came here", async () => {
    const chain = { to: proxy, input: settlement(scheme), value, minedAt: SINCE / 1000 - 60 };
    expect(await lookUp(scheme, chain)).toEqual({ kind: "diverted" });
  });

  it("is looked for among the newest transfers only", async () => {
    const { call, asked } = nodeOf({ to: other, input: "0x", value, logs: 100 });
    const requirements = { ...REQUIREMENTS, scheme };
    expect(await lookUpPermit(call, permit(scheme), { requirements }, SINCE)).toEqual({
      kind: "unavailable",
    });
    expect(asked.filter((method) => method === "eth_getTransactionByHash")).toHaveLength(50);
  });
});

it("an exact permit is paid by its amount alone, an upto permit by what was to be charged, if that is known", async () => {
  const exact = { to: EXACT_PROXY, input: settlement("exact"), value: 9_999n };
  expect(await lookUp("exact", exact)).toEqual({ kind: "unavailable" });
  const upto = { to: UPTO_PROXY, input: settlement("upto"), value: 4000n };
  expect(await lookUp("upto", upto, "4000")).toMatchObject({ kind: "spent" });
  expect(await lookUp("upto", upto, "4001")).toEqual({ kind: "unavailable" });
});

it("the bit of a neighbouring nonce is another's", async () => {
  expect(await lookUp("exact", { bitmap: 1n << ((NONCE & 0xffn) + 1n) })).toEqual({ kind: "open" });
});

it("a node that knows no Permit2 says nothing", async () => {
  const { call } = nodeOf({});
  const silent: Call = (method, params) =>
    method === "eth_call" ? Promise.resolve("0x") : call(method, params);
  await expect(
    lookUpPermit(silent, permit("exact"), { requirements: REQUIREMENTS }, SINCE),
  ).rejects.toThrow();
});
