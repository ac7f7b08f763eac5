/** The ledger as it is read: receipts, their sums, and what is owed or in doubt. Days are UTC, `yyyy-mm-dd`. */

/**
 * What became of what was paid for. `broken`: used up by answers that broke off; `refund`: a hook has recorded that it is to
 * be paid back.
 */
export type EntryStatus = "owed" | "delivered" | "broken" | "refund";

/** A token on a network, as far as the ledger knows it; `decimals` are not known of payments from before there was one. */
export type BookedAsset = { network: string; asset: string; symbol: string; decimals: number | undefined };

/** One receipt. Times are ms since 1970, by the store's clock. */
export type Entry = BookedAsset & {
  day: string;
  /** Place among the day's receipts, in the order of their settlement. */
  index: number;
  settledAt: number;
  /** When the answer was delivered or the payment used up. */
  endedAt: number | undefined;
  status: EntryStatus;
  /** Names the payment, as in the log. */
  spend: string;
  /** Keyed hash: the same payer has the same one. */
  payer: string;
  /** Empty where nothing was charged. */
  transaction: string;
  /** What was charged, atomic units. */
  amount: bigint;
  route: string;
};

/** Sums of one day, route and token. What is neither delivered nor broken is owed. */
export type Sum = BookedAsset & {
  day: string;
  route: string;
  receipts: number;
  delivered: number;
  broken: number;
  /** What was charged, atomic units. */
  amount: bigint;
};

/** A payment of which nobody knows yet whether it was settled. */
export type Doubt = {
  spend: string;
  /** When it was first claimed, ms since 1970. */
  since: number;
  /** x402 error reason, where there is one. */
  reason: string;
  route: string;
};

/** What the ledger can be asked. All throw GatewayError `store_unavailable`. */
export type Ledger = {
  /**
   * A day's receipts, newest first, those before a place; `before` of the answer asks for the next page, and is undefined at
   * the end. With a status a page may be short, or empty, before that: so many are looked at, not found.
   */
  page: (ask: {
    day: string;
    before?: number | undefined;
    limit: number;
    status?: EntryStatus | undefined;
  }) => Promise<{ entries: Entry[]; before: number | undefined; total: number }>;
  /** The sums of the days from one to another. */
  sums: (from: string, to: string) => Promise<Sum[]>;
  /** What was paid for and not delivered, and has waited longest; `total` is how many there are. */
  owed: (limit: number) => Promise<{ entries: Entry[]; total: number }>;
  /** What is in doubt, at most so many of each part of the index. */
  doubts: (limit: number) => Promise<Doubt[]>;
  /** All receipts of the days from one to another, oldest first, in portions. */
  all: (from: string, to: string) => AsyncIterable<Entry[]>;
};
