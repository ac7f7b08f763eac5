/**
 * The chain as the gateways see it: a facilitator that moves money here settles every authorization nonce once, and a
 * JSON-RPC node tells what became of a nonce (EIP-3009). The proof against a real chain is in `test/stack`; this one is
 * fast enough for a cluster under load, and counts what a chain does not show: settlements asked for again.
 */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeEventTopics, pad, toHex } from "viem";
import { type OpenServer, open } from "../../dev/http.ts";
import { NETWORK, TOKEN, TOKEN_ABI } from "../../dev/token.ts";
import type { StubReply, StubRequest } from "../fixtures/facilitator-stub.ts";

type Hex = `0x${string}`;
type Transfer = { from: Hex; to: Hex; value: string; nonce: Hex; block: number; seconds: number };

export type Ledger = OpenServer & {
  /** What was settled, by nonce: each once. */
  transfers: Map<string, Transfer>;
  /** The nonces of what that address has paid. */
  paidBy: (address: string) => string[];
  /** Nonces of settlements asked for after they had been made. */
  repeats: string[];
  /** The answer to `/settle`: takes its time before and after the money moves, so that a kill can hit either side. */
  settle: (request: StubRequest) => Promise<StubReply>;
};

const SLOWEST_MS = 60;

export async function startLedger(): Promise<Ledger> {
  const transfers: Ledger["transfers"] = new Map();
  const repeats: string[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { id, method, params } = JSON.parse(text);
    const result = METHODS[method]?.(transfers, params);
    const reply = result === undefined ? { error: { message: `no ${method} here` } } : { result };
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ jsonrpc: "2.0", id, ...reply }));
  });
  const settle: Ledger["settle"] = async ({ paymentPayload }) => {
    const { from, to, value, nonce } = paymentPayload.payload.authorization;
    await sleep(Math.random() * SLOWEST_MS);
    const known = { network: NETWORK, payer: from };
    if (transfers.has(nonce)) {
      repeats.push(nonce);
      const errorReason = "invalid_exact_evm_nonce_already_used";
      return { json: { success: false, errorReason, transaction: "", ...known } };
    }
    const transfer = { from, to, value, nonce, block: transfers.size + 1, seconds: seconds() };
    transfers.set(nonce, transfer as Transfer);
    await sleep(Math.random() * SLOWEST_MS);
    return { json: { success: true, transaction: nonce, ...known } };
  };
  const paidBy: Ledger["paidBy"] = (address) =>
    [...transfers.values()].filter(({ from }) => from === address).map(({ nonce }) => nonce);
  return { ...(await open(server, 0, "ledger")), transfers, paidBy, repeats, settle };
}

/** What the node answers. A transaction's hash is the nonce that it spends, and every transaction has its own block. */
const METHODS: Record<string, (transfers: Ledger["transfers"], params: never[]) => unknown> = {
  eth_getBlockByNumber: (transfers, [number]: string[]) => {
    if (number === "latest") return { number: toHex(transfers.size), timestamp: toHex(seconds()) };
    const mined = [...transfers.values()].find(({ block }) => toHex(block) === number);
    return mined && { number, timestamp: toHex(mined.seconds) };
  },
  // authorizationState(authorizer, nonce): the nonce is the last word of the call data.
  eth_call: (transfers, [call]: { data: string }[]) =>
    pad(toHex(transfers.has(`0x${call?.data.slice(-64)}`))),
  eth_getLogs: (transfers, [filter]: { topics: string[] }[]) => {
    const transfer = transfers.get(filter?.topics[2] ?? "");
    return transfer ? [logsOf(transfer)[0]] : [];
  },
  eth_getTransactionReceipt: (transfers, [hash]: string[]) => {
    const transfer = transfers.get(hash ?? "");
    return transfer && { logs: logsOf(transfer) };
  },
};

function logsOf({ from, to, value, nonce, block }: Transfer) {
  const abi = TOKEN_ABI;
  const used = encodeEventTopics({
    abi,
    eventName: "AuthorizationUsed",
    args: { authorizer: from, nonce },
  });
  const moved = encodeEventTopics({ abi, eventName: "Transfer", args: { from, to } });
  const place = { address: TOKEN.address, transactionHash: nonce, blockNumber: toHex(block) };
  return [
    { ...place, topics: used, data: "0x", logIndex: "0x0" },
    { ...place, topics: moved, data: pad(toHex(BigInt(value))), logIndex: "0x1" },
  ];
}

const seconds = () => Math.floor(Date.now() / 1000);
