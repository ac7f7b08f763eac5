/** What the page's script (`paywall/`) is told by the page. Types only: the script is bundled apart from the gateway. */

/** One way to pay, as the 402 has it. */
export type Requirements = {
  scheme: string;
  network: string;
  asset: string;
  /** Atomic units. */
  amount: string;
  payTo: string;
  maxTimeoutSeconds: number;
  extra?: Record<string, unknown> | undefined;
};

/** One way to pay, and what a person has to know of it. */
export type Way = {
  requirements: Requirements;
  symbol: string;
  decimals: number;
  /** The network in words. */
  network: string;
  /** True when a wallet in the browser can pay it: EIP-3009 on an EVM network. */
  payable: boolean;
  /** URL of the block explorer, if one is known. */
  explorer: string;
  /** URL of a public node, for wallets that do not know the network yet. */
  rpc: string;
  /** The coin that the network's fees are paid in. */
  coin: string;
};

/** All of it. */
export type PageData = {
  /** When the page was made, ms since 1970: the visitor's own clock may be wrong. */
  now: number;
  /** What the answer was asked for with; the paid call asks the same. */
  accept: string;
  ways: Way[];
  /** The extension `payment-identifier` of the 402, where it is there. */
  identifier: unknown;
  /** True when a payment opens more than the one call. */
  lasts: boolean;
};
