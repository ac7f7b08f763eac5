/**
 * What became of an authorization, told by the chain itself (EIP-3009): `authorizationState` says whether its nonce is
 * spent, the token's logs say on what. A spent nonce alone proves nothing: the payer can cancel it, or spend it on
 * another transfer. Only a `Transfer` of the right amount to the right address, right behind `AuthorizationUsed`, does.
 */
import { decodeFunctionResult, encodeEventTopics, encodeFunctionData, parseAbi } from "viem/utils";
import * as z from "zod/mini";
import type { Payment } from "../core/call.ts";
import type { Chain, Emit, Spending } from "../core/ports.ts";

const ABI = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);
/** Nodes refuse to search more blocks at once. */
const BLOCKS_PER_SEARCH = 5_000n;
/** How far back is searched: over a day at two seconds a block. */
const MAX_SEARCHES = 10;

const hex = z.string().check(z.regex(/^0x[0-9a-fA-F]*$/));
const Log = z.object({ address: hex, topics: z.array(hex), data: hex, logIndex: hex, transactionHash: hex });
const Reply = z.object({
  result: z.optional(z.unknown()),
  error: z.optional(z.object({ message: z.string() })),
});
const Block = z.object({ number: hex, timestamp: hex });

type Hex = `0x${string}`;
type Call = (method: string, params: unknown[]) => Promise<unknown>;

/** Asks the node of the payment's network; `unavailable` where there is none or it does not answer. */
export function rpcChain(urls: Record<string, string>, timeoutMs: number, emit: Emit): Chain {
  return {
    async lookUp(payment) {
      const url = urls[payment.requirements.network];
      if (url === undefined) return { kind: "unavailable" };
      try {
        return await lookUp(caller(url, timeoutMs), payment);
      } catch (error) {
        emit({
          event: "rpc_failed",
          level: "error",
          network: payment.requirements.network,
          error: String(error),
        });
        return { kind: "unavailable" };
      }
    },
  };
}

function caller(url: string, timeoutMs: number): Call {
  return async (method, params) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { result, error } = Reply.parse(await response.json());
    if (error || result === undefined)
      throw new Error(`${method}: ${error?.message.slice(0, 200) ?? "no result"}`);
    return result;
  };
}

async function lookUp(call: Call, { scheme, requirements }: Payment): Promise<Spending> {
  const { from, nonce, validBefore } = scheme.authorization;
  // One block for both questions: what is unspent in it, and too late in it, will never be spent.
  const block = Block.parse(await call("eth_getBlockByNumber", ["latest", false]));
  const args = [from as Hex, nonce as Hex] as const;
  const data = encodeFunctionData({ abi: ABI, functionName: "authorizationState", args });
  const state = hex.parse(await call("eth_call", [{ to: requirements.asset, data }, block.number]));
  if (!decodeFunctionResult({ abi: ABI, functionName: "authorizationState", data: state as Hex })) {
    return { kind: BigInt(block.timestamp) >= BigInt(validBefore) ? "dead" : "open" };
  }
  const used = await findUse(call, requirements.asset, args, BigInt(block.number));
  if (!used) return { kind: "unavailable" };
  const receipt = z
    .object({ logs: z.array(Log) })
    .parse(await call("eth_getTransactionReceipt", [used.transactionHash]));
  const payments = receipt.logs.filter((log) => isPayment(log, requirements, from));
  const next = payments.some((log) => BigInt(log.logIndex) === BigInt(used.logIndex) + 1n);
  // A transfer that fits, elsewhere in the transaction, may belong to another authorization: that settles nothing.
  if (!next && payments.length > 0) return { kind: "unavailable" };
  return next ? { kind: "spent", transaction: used.transactionHash } : { kind: "diverted" };
}

async function findUse(call: Call, asset: string, [authorizer, nonce]: readonly [Hex, Hex], latest: bigint) {
  const topics = encodeEventTopics({ abi: ABI, eventName: "AuthorizationUsed", args: { authorizer, nonce } });
  let to: Hex | "latest" = "latest";
  for (let search = 0n, end = latest; search < MAX_SEARCHES && end >= 0n; search++) {
    const start = end > BLOCKS_PER_SEARCH ? end - BLOCKS_PER_SEARCH : 0n;
    const filter = { address: asset, topics, fromBlock: `0x${start.toString(16)}`, toBlock: to };
    const [log] = z.array(Log).parse(await call("eth_getLogs", [filter]));
    if (log) return log;
    end = start - 1n;
    to = `0x${(end < 0n ? 0n : end).toString(16)}`;
  }
  return undefined;
}

function isPayment(
  log: z.infer<typeof Log>,
  { asset, payTo, amount }: Payment["requirements"],
  from: string,
) {
  if (log.address.toLowerCase() !== asset.toLowerCase()) return false;
  const topics = encodeEventTopics({
    abi: ABI,
    eventName: "Transfer",
    args: { from: from as Hex, to: payTo as Hex },
  });
  const same = topics.every((topic, i) => String(topic).toLowerCase() === log.topics[i]?.toLowerCase());
  return same && log.data !== "0x" && BigInt(log.data) === BigInt(amount);
}
