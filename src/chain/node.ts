/** What a node answers, read like anything foreign, and how its logs are searched. */
import * as z from "zod/mini";

/** Blocks searched at once, at first; a node that refuses is asked for a tenth. */
const BLOCKS_PER_SEARCH = 5_000n;
/** Searches in all: over a day at two seconds a block. */
const MAX_SEARCHES = 12;

export const hex = z.string().check(z.regex(/^0x[0-9a-fA-F]*$/));
/** One word: a contract that is not there answers none. */
export const wordReply = z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/));
export const Log = z.object({
  address: hex,
  topics: z.array(hex),
  data: hex,
  logIndex: hex,
  transactionHash: hex,
  blockNumber: hex,
});
export type Log = z.infer<typeof Log>;
export const Block = z.object({ number: hex, timestamp: hex });

/** Asks the node one thing. @throws when it refuses or does not answer */
export type Call = (method: string, params: unknown[]) => Promise<unknown>;

/** A block may be replaced by one that contains the transaction after all, for this long, seconds. */
export const REORG_SECONDS = 120n;
/** Blocks and the store do not have the same clock, ms. */
const CLOCK_SKEW_MS = 15_000;

/** True for a log of a block from before `since`, ms: what was spent then has bought something else. */
export async function isBefore(call: Call, { blockNumber }: Log, since: number): Promise<boolean> {
  const mined = Block.parse(await call("eth_getBlockByNumber", [blockNumber, false]));
  return Number(mined.timestamp) * 1000 < since - CLOCK_SKEW_MS;
}

/** The first thing made of an address's logs with these topics, the newest first, searched backwards from a block. */
export async function searchLogs<T>(
  call: Call,
  filter: { address: string; topics: unknown[] },
  latest: bigint,
  make: (log: Log) => Promise<T | undefined>,
): Promise<T | undefined> {
  let blocks = BLOCKS_PER_SEARCH;
  for (let search = 0, end = latest; search < MAX_SEARCHES && end >= 0n; search++) {
    const start = end >= blocks ? end - blocks + 1n : 0n;
    const asked = { ...filter, fromBlock: toHex(start), toBlock: toHex(end) };
    const found = await call("eth_getLogs", [asked]).catch((error: unknown) => {
      if (blocks < 100n) throw error;
      return undefined;
    });
    if (found === undefined) {
      blocks /= 10n;
      continue;
    }
    for (const log of z.array(Log).parse(found).reverse()) {
      const made = await make(log);
      if (made !== undefined) return made;
    }
    end = start - 1n;
  }
  return undefined;
}

function toHex(block: bigint): string {
  return `0x${block.toString(16)}`;
}
