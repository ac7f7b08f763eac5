/**
 * What became of an authorization, told by the chain itself (EIP-3009): `authorizationState` says whether its nonce is
 * spent, the token's logs say on what. A spent nonce alone proves nothing: the payer can cancel it, or spend it on
 * another transfer. Only a `Transfer` of the right amount to the right address, right behind `AuthorizationUsed`, does.
 */
import { decodeFunctionResult, encodeEventTopics, encodeFunctionData, parseAbi } from "viem/utils";
import * as z from "zod/mini";
import type { Spent } from "../core/payloads.ts";
import type { Spending } from "../core/ports.ts";

const ABI = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
  "event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);
/** Blocks searched at once, at first; a node that refuses is asked for a tenth. */
const BLOCKS_PER_SEARCH = 5_000n;
/** Searches in all: over a day at two seconds a block. */
const MAX_SEARCHES = 12;
/** A block may be replaced by one that contains the transaction after all, for this long, seconds. */
const REORG_SECONDS = 120n;
/** Blocks and the store do not have the same clock, ms. */
const CLOCK_SKEW_MS = 15_000;

const hex = z.string().check(z.regex(/^0x[0-9a-fA-F]*$/));
const Log = z.object({
  address: hex,
  topics: z.array(hex),
  data: hex,
  logIndex: hex,
  transactionHash: hex,
  blockNumber: hex,
});
const Block = z.object({ number: hex, timestamp: hex });

const [USED] = encodeEventTopics({ abi: ABI, eventName: "AuthorizationUsed" });
const [CANCELED] = encodeEventTopics({ abi: ABI, eventName: "AuthorizationCanceled" });

type Log = z.infer<typeof Log>;
type Hex = `0x${string}`;
/** Asks the node one thing. @throws when it refuses or does not answer */
export type Call = (method: string, params: unknown[]) => Promise<unknown>;

/** Looks an authorization up. @throws when the node refuses or does not answer */
export async function lookUp(call: Call, { scheme, requirements }: Spent, since: number): Promise<Spending> {
  if (!("authorization" in scheme)) return { kind: "unavailable" };
  const { from, nonce, validBefore } = scheme.authorization;
  // One block for both questions: what is unspent in it, and too late in it, will never be spent.
  const block = Block.parse(await call("eth_getBlockByNumber", ["latest", false]));
  const args = [from as Hex, nonce as Hex] as const;
  const data = encodeFunctionData({ abi: ABI, functionName: "authorizationState", args });
  const state = hex.parse(await call("eth_call", [{ to: requirements.asset, data }, block.number]));
  if (!decodeFunctionResult({ abi: ABI, functionName: "authorizationState", data: state as Hex })) {
    return { kind: BigInt(block.timestamp) >= BigInt(validBefore) + REORG_SECONDS ? "dead" : "open" };
  }
  const used = await findUse(call, requirements.asset, args, BigInt(block.number));
  if (!used) return { kind: "unavailable" };
  if (used.topics[0] === CANCELED) return { kind: "diverted" };
  const mined = Block.parse(await call("eth_getBlockByNumber", [used.blockNumber, false]));
  if (Number(mined.timestamp) * 1000 < since - CLOCK_SKEW_MS) return { kind: "diverted" };
  return readReceipt(
    await call("eth_getTransactionReceipt", [used.transactionHash]),
    used,
    requirements,
    from,
  );
}

function readReceipt(reply: unknown, used: Log, requirements: Spent["requirements"], from: string): Spending {
  const receipt = z.object({ logs: z.array(Log) }).parse(reply);
  const payments = receipt.logs.filter((log) => isPayment(log, requirements, from));
  if (payments.some((log) => BigInt(log.logIndex) === BigInt(used.logIndex) + 1n)) {
    return { kind: "spent", transaction: used.transactionHash };
  }
  // A transfer that fits, elsewhere in the transaction, may belong to another authorization: that settles nothing.
  return { kind: payments.length > 0 ? "unavailable" : "diverted" };
}

/** Where the authorization was used or cancelled: searched backwards from a block. */
async function findUse(
  call: Call,
  asset: string,
  args: readonly [Hex, Hex],
  latest: bigint,
): Promise<Log | undefined> {
  const [, ...indexed] = encodeEventTopics({
    abi: ABI,
    eventName: "AuthorizationUsed",
    args: { authorizer: args[0], nonce: args[1] },
  });
  const topics = [[USED, CANCELED], ...indexed];
  let blocks = BLOCKS_PER_SEARCH;
  for (let search = 0, end = latest; search < MAX_SEARCHES && end >= 0n; search++) {
    const start = end >= blocks ? end - blocks + 1n : 0n;
    const filter = { address: asset, topics, fromBlock: toHex(start), toBlock: toHex(end) };
    const found = await call("eth_getLogs", [filter]).catch((error: unknown) => {
      if (blocks < 100n) throw error;
      return undefined;
    });
    if (found === undefined) {
      blocks /= 10n;
      continue;
    }
    const [log] = z.array(Log).parse(found);
    if (log) return log;
    end = start - 1n;
  }
  return undefined;
}

function toHex(block: bigint): Hex {
  return `0x${block.toString(16)}`;
}

function isPayment(log: Log, { asset, payTo, amount }: Spent["requirements"], from: string) {
  if (log.address.toLowerCase() !== asset.toLowerCase()) return false;
  const topics = encodeEventTopics({
    abi: ABI,
    eventName: "Transfer",
    args: { from: from as Hex, to: payTo as Hex },
  });
  const same = topics.every((topic, i) => String(topic).toLowerCase() === log.topics[i]?.toLowerCase());
  return same && log.data !== "0x" && BigInt(log.data) === BigInt(amount);
}
