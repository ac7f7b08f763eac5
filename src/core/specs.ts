/** Upstreams' descriptions that are fetched: how they are kept, and what the gateway knows of them. */

/** What is kept of one of them. */
export type Kept = {
  /** Empty where nothing is kept. */
  version: string;
  /** Undefined where it is the version that is known here. */
  text: string | undefined;
  /** True for the one instance that is to fetch it now. */
  isDue: boolean;
};

/** The descriptions that all instances share. All throw GatewayError `store_unavailable`. */
export type SpecStore = {
  /** What is kept, in one request; `known` is the version that the instance has, or empty. */
  look: (wanted: { url: string; known: string }[]) => Promise<Kept[]>;
  keep: (url: string, version: string, text: string) => Promise<void>;
};

/** Runs work that nobody waits for. */
type WaitUntil = (work: Promise<unknown>) => void;

/** What this instance knows of the descriptions. */
export type Specs = {
  /** Counts up whenever something new is known. */
  revision: () => number;
  /** URL → the description, parsed. */
  known: () => Record<string, unknown>;
  /** True until every one of them was seen once. */
  isMissing: () => boolean;
  /** Asks the store what is new, and fetches in the background what it is time for. @throws GatewayError `store_unavailable` */
  look: (waitUntil: WaitUntil) => Promise<void>;
  /** The same where it is time for it, with nobody waiting. */
  refresh: (waitUntil: WaitUntil) => void;
};
