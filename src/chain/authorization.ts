/**
 * What became of an authorization, told by the chain itself (EIP-3009): `authorizationState` says whether its nonce is
 * spent, the token's logs say on what. A spent nonce alone proves nothing: the payer can cancel it, or spend it on
 * another transfer. Only a `Transfer` of the right amount to the right address, right behind `AuthorizationUsed`, does.
 */
import * as z from "zod/mini";
import type { Eip3009Payload } from "../core/payloads.ts";
import type { Spending } from "../core/ports.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import { AUTHORIZATION_STATE, CANCELED, TRANSFER, USED, word } from "./abi.ts";
import { Block, type Call, isBefore, Log, REORG_SECONDS, searchLogs, wordReply } from "./node.ts";

/** Looks an authorization up. @throws when the node refuses or does not answer */
export async function lookUpAuthorization(
  call: Call,
  { authorization }: Eip3009Payload,
  requirements: PaymentRequirements,
  since: number,
): Promise<Spending> {
  const { from, nonce, validBefore } = authorization;
  const { asset } = requirements;
  // One block for both questions: what is unspent in it, and too late in it, will never be spent.
  const block = Block.parse(await call("eth_getBlockByNumber", ["latest", false]));
  const data = AUTHORIZATION_STATE + word(from) + word(nonce);
  const state = wordReply.parse(await call("eth_call", [{ to: asset, data }, block.number]));
  if (BigInt(state) === 0n) {
    return { kind: BigInt(block.timestamp) >= BigInt(validBefore) + REORG_SECONDS ? "dead" : "open" };
  }
  const topics = [[USED, CANCELED], `0x${word(from)}`, nonce.toLowerCase()];
  const used = await searchLogs(call, { address: asset, topics }, BigInt(block.number), async (log) => log);
  if (!used) return { kind: "unavailable" };
  if (used.topics[0]?.toLowerCase() === CANCELED) return { kind: "diverted" };
  if (await isBefore(call, used, since)) return { kind: "diverted" };
  return readReceipt(
    await call("eth_getTransactionReceipt", [used.transactionHash]),
    used,
    requirements,
    from,
  );
}

function readReceipt(reply: unknown, used: Log, requirements: PaymentRequirements, from: string): Spending {
  const receipt = z.object({ logs: z.array(Log) }).parse(reply);
  const payments = receipt.logs.filter((log) => isPayment(log, requirements, from));
  if (payments.some((log) => BigInt(log.logIndex) === BigInt(used.logIndex) + 1n)) {
    return { kind: "spent", transaction: used.transactionHash };
  }
  // A transfer that fits, elsewhere in the transaction, may belong to another authorization: that settles nothing.
  return { kind: payments.length > 0 ? "unavailable" : "diverted" };
}

function isPayment(log: Log, { asset, payTo, amount }: PaymentRequirements, from: string): boolean {
  if (log.address.toLowerCase() !== asset.toLowerCase()) return false;
  const topics = [TRANSFER, `0x${word(from)}`, `0x${word(payTo)}`];
  const same = topics.every((topic, i) => topic === log.topics[i]?.toLowerCase());
  return same && log.data !== "0x" && BigInt(log.data) === BigInt(amount);
}
