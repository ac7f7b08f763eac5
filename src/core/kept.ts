/** The store of answers that are kept for everybody (`docs/storage.md`); `stores/cache.ts` implements it. */
import type { Question } from "./stores.ts";

/** Name and value of each request header that may tell answers apart. */
export type Selecting = readonly (readonly [name: string, value: string])[];

/** How long a kept answer may be handed out, seconds. */
export type Lifetime = {
  /** Age that it came with. */
  age: number;
  /** Until what age it is fresh. */
  fresh: number;
  /** For so long after that, while it is asked for anew in the background (RFC 5861, 3). */
  whileRevalidate: number;
  /** For so long after that, while the upstream fails (RFC 5861, 4). */
  ifError: number;
  /** Never when stale, whatever a client would take (`must-revalidate`, `no-cache`). */
  strict: boolean;
};

/** A kept answer as it is stored; `text` is UTF-8, `base64` anything else. */
export type Entry = {
  status: number;
  headers: [name: string, value: string][];
  encoding: "text" | "base64";
  /** Bytes of the body. */
  size: number;
  lifetime: Lifetime;
  /** The upstream has said that it is for everybody, also when somebody with credentials asks (RFC 9111, 3.5). */
  shared: boolean;
};

/** An answer that was found. Its body is left out where it is longer than was asked for. */
export type Kept = {
  entry: Entry;
  body: string | undefined;
  /** Names this very answer among all. */
  version: string;
  /** Under which it is forgotten. */
  tags: string[];
  /** Since when it has been on the way to being old: when it was asked for, ms ago. */
  ageMs: number;
};

/** What the store says of a call. */
export type Reply = {
  kept: Kept | undefined;
  /** Which of the answers under the key this call gets; names the lease. */
  variant: string;
  /** The store's clock, ms since 1970. */
  now: number;
  /**
   * Who asks the upstream: this call (`lead`), another one that does so for `waitMs` yet at most (`follow`), or everybody,
   * because what comes cannot be shared (`alone`); `none` where nobody has to.
   */
  turn: { kind: "lead" | "alone" | "none" } | { kind: "follow"; waitMs: number };
};

/** Who asks for what. */
export type Lookup = {
  key: string;
  selecting: Selecting;
  /** Tags that whatever comes will have. */
  tags: string[];
  /** Token of whoever would ask the upstream. */
  owner: string;
  /** How long this call alone may ask then, ms; 0: it does not want that. */
  leaseMs: number;
  /** The upstream is asked whatever is kept. */
  anew: boolean;
  /** Bodies of more characters are left out; undefined: none is. */
  inline: number | undefined;
};

/** An answer to be kept. */
export type Keeping = {
  key: string;
  selecting: Selecting;
  owner: string;
  variant: string;
  /** The store's clock before the upstream was asked, ms since 1970. */
  since: number;
  /** From then on: how long it is fresh, and how long it is kept, ms. */
  freshMs: number;
  keepMs: number;
  /** Lower-case names of the request headers that tell it apart. */
  vary: string[];
  tags: string[];
  version: string;
  entry: Entry;
  /** Undefined keeps the body that is there under `was`. */
  body: string | undefined;
  was?: string | undefined;
};

/** What is to be forgotten. */
export type Purge = { keys: string[]; tags: string[] };

/** The store of kept answers. */
export type CacheStore = {
  look: (lookup: Lookup) => Promise<Question<Reply | undefined>>;
  /** As `look`, by itself. @throws GatewayError `store_unavailable` */
  lookAgain: (lookup: Lookup) => Promise<Reply>;
  /** The body of an answer; undefined when that is not kept any more. @throws GatewayError `store_unavailable` */
  body: (key: string, variant: string, version: string) => Promise<string | undefined>;
  /** False when it was purged meanwhile, or a newer one is there. @throws GatewayError `store_unavailable` */
  keep: (keeping: Keeping) => Promise<boolean>;
  /** Goes on asking. @throws GatewayError `store_unavailable` */
  renew: (key: string, variant: string, owner: string, leaseMs: number) => Promise<void>;
  /** Lets others ask; `aloneMs`: for so long each for itself. @throws GatewayError `store_unavailable` */
  release: (key: string, variant: string, owner: string, aloneMs: number) => Promise<void>;
  /** What was asked for before now is not handed out any more, by any instance. @throws GatewayError `store_unavailable` */
  purge: (purge: Purge) => Promise<void>;
};
