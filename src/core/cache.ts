/** Answers that are kept for everybody who asks the same (RFC 9111): how a route keeps them, and how a call gets its own. */
import type { Answer } from "./answer.ts";
import type { Call } from "./call.ts";
import type { GatewayError } from "./errors.ts";
import type { Price } from "./pricing.ts";

/** The response cache of a route. */
export type CacheRules = {
  /** How long an answer is fresh that does not say so itself, ms; 0: such answers are not kept. */
  ttlMs: number;
  /** Longest time that any answer is fresh, ms. */
  maxTtlMs: number;
  /** For so long after that it may stand in for an upstream that fails, ms; also while it is asked for anew, where it is fresh for `ttlMs`. */
  maxStaleMs: number;
  /** `GET` (with `HEAD`), and `POST` by the digest of its body. */
  methods: ReadonlySet<string>;
  /** Only answers with these; undefined: those that RFC 9111 lets be kept. */
  statuses: ReadonlySet<number> | undefined;
  /** Lower-case names of request headers that tell answers apart, besides those in the answer's `Vary`. */
  vary: string[];
  /** Names of the query that tell answers apart, and that are all the upstream gets to see of it; undefined: the whole query. */
  queryKeys: string[] | undefined;
  /** Longest body that is kept, bytes. */
  maxBytes: number;
  /** What is charged for an answer that is there, and fresh: whoever makes the upstream work pays its price. */
  charge: "full" | "free" | Price;
  /** How long a call waits for another one that is asking for the same, ms; 0: all ask for themselves. */
  waitMs: number;
  /** Long bodies are kept beside the isolate as well, where the platform has a place for that. */
  colo: boolean;
};

/** How a call gets its answer. */
export type Cached = {
  /** The store has what the call wants, and it is fresh: the upstream is not asked, nor is it asked meanwhile. */
  fresh: boolean;
  /** Why the call can have no answer. */
  refusal: GatewayError | undefined;
  /** Lets others ask the upstream: this call does not. */
  letGo: () => void;
  /** The answer. @throws GatewayError `upstream_unreachable`, `upstream_timeout` */
  obtain: (call: Call) => Promise<Answer>;
};

/** Bodies of kept answers near the isolate, by version; whether one may be handed out is the store's to say. */
export type Colo = {
  get: (version: string) => Promise<string | undefined>;
  put: (version: string, body: string) => Promise<void>;
};
