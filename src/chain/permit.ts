/**
 * What became of a Permit2 permit, told by the chain itself: Permit2's `nonceBitmap` says whether its nonce is spent. On
 * what, no log says: a payer can spend nonces on nothing. So it is proven by the very call that spent it: a transaction to
 * x402's proxy, with this owner's token and nonce in their places, that has moved the right amount to the seller. A proxy
 * called by another contract proves nothing here, for what else was in that transaction could have moved the money.
 */
import * as z from "zod/mini";
import type { Permit2Payload, Spent, UptoPayload } from "../core/payloads.ts";
import { PERMIT2, proxyOf } from "../core/permit2.ts";
import type { Spending } from "../core/ports.ts";
import {
  argument,
  NONCE_BITMAP,
  SETTLE_EXACT,
  SETTLE_EXACT_WITH_PERMIT,
  SETTLE_UPTO,
  SETTLE_UPTO_WITH_PERMIT,
  TRANSFER,
  word,
} from "./abi.ts";
import { Block, type Call, hex, isBefore, type Log, REORG_SECONDS, searchLogs, wordReply } from "./node.ts";

/** Transfers looked at; a payer who has paid more often since is told from the others by asking again. */
const MAX_TRANSFERS = 50;
/** Words of the permit in front of a settlement `WithPermit`. */
const PERMIT_WORDS = 5;

/** Selector → where in its arguments the payment's permit begins, and the word with its owner behind that. */
const SETTLEMENTS: Record<string, { permit: number; owner: number }> = {
  [SETTLE_EXACT]: { permit: 0, owner: 4 },
  [SETTLE_EXACT_WITH_PERMIT]: { permit: PERMIT_WORDS, owner: 4 },
  [SETTLE_UPTO]: { permit: 0, owner: 5 },
  [SETTLE_UPTO_WITH_PERMIT]: { permit: PERMIT_WORDS, owner: 5 },
};

const Transaction = z.object({ to: z.nullable(hex), input: hex });

type Permit = (Permit2Payload | UptoPayload)["permit2Authorization"];

/** Looks a permit up. @throws when the node refuses or does not answer */
export async function lookUpPermit(
  call: Call,
  permit: Permit,
  { requirements, amount }: Omit<Spent, "scheme">,
  since: number,
): Promise<Spending> {
  const { from, nonce, deadline } = permit;
  const block = Block.parse(await call("eth_getBlockByNumber", ["latest", false]));
  const data = NONCE_BITMAP + word(from) + word(BigInt(nonce) >> 8n);
  const bitmap = wordReply.parse(await call("eth_call", [{ to: PERMIT2, data }, block.number]));
  if (((BigInt(bitmap) >> (BigInt(nonce) & 0xffn)) & 1n) === 0n) {
    return { kind: BigInt(block.timestamp) >= BigInt(deadline) + REORG_SECONDS ? "dead" : "open" };
  }
  const { asset, payTo, scheme } = requirements;
  const topics = [TRANSFER, `0x${word(from)}`, `0x${word(payTo)}`];
  let left = MAX_TRANSFERS;
  const found = await searchLogs(
    call,
    { address: asset, topics },
    BigInt(block.number),
    async (log): Promise<Log | "many" | undefined> => {
      if (left-- === 0) return "many";
      if (!isAmount(log, requirements, amount)) return undefined;
      const transaction = Transaction.parse(await call("eth_getTransactionByHash", [log.transactionHash]));
      return isSettlement(transaction, permit, scheme) ? log : undefined;
    },
  );
  if (!found || found === "many") return { kind: "unavailable" };
  if (await isBefore(call, found, since)) return { kind: "diverted" };
  return { kind: "spent", transaction: found.transactionHash, amount: BigInt(found.data).toString() };
}

/** `exact`: the amount. `upto`: what was to be charged, or, where that is not known, no more than was signed for. */
function isAmount(
  { data }: Log,
  { scheme, amount: signed }: Spent["requirements"],
  charged?: string,
): boolean {
  const parsed = wordReply.safeParse(data);
  if (!parsed.success) return false;
  const moved = BigInt(parsed.data);
  if (scheme !== "upto") return moved === BigInt(signed);
  return charged === undefined ? moved <= BigInt(signed) : moved === BigInt(charged);
}

function isSettlement({ to, input }: z.infer<typeof Transaction>, permit: Permit, scheme: string): boolean {
  if (to?.toLowerCase() !== proxyOf(scheme).toLowerCase()) return false;
  const at = SETTLEMENTS[input.slice(0, 10).toLowerCase()];
  if (!at) return false;
  const { permitted, nonce, from } = permit;
  return (
    argument(input, at.permit) === word(permitted.token) &&
    argument(input, at.permit + 2) === word(BigInt(nonce)) &&
    argument(input, at.permit + at.owner) === word(from)
  );
}
