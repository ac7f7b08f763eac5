/**
 * The operator's own code at five points of a call (`docs/hooks.md`). What a hook is given is a copy, made for it: it
 * cannot reach the gateway's own objects, nor a secret of the configuration.
 */
import type { Rejection } from "./reject.ts";

/** Remembered between calls and by all instances; keys are the hooks' own. All reject when the store does not answer. */
export type HookStore = {
  get: (key: string) => Promise<string | undefined>;
  /** At most 64 KiB of UTF-8, for at most 400 days. */
  set: (key: string, value: string, options: { ttlSeconds: number }) => Promise<void>;
  /** Adds a whole number and gives the sum; `ttlSeconds` runs from the first of the additions. */
  increment: (key: string, by: number, options: { ttlSeconds: number }) => Promise<number>;
  /** True when there was something. */
  delete: (key: string) => Promise<boolean>;
};

/** The request as the client sent it, without what pays or opens: payments, session tokens, the gateway's cookies. */
export type HookRequest = {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  /** A copy. */
  readonly headers: Headers;
  /** Decoded path parameters; the rest behind `*` under `"*"`. */
  readonly params: Readonly<Record<string, string>>;
  /** A copy. */
  readonly query: URLSearchParams;
  /** As the platform vouches for it, or the proxies that `gateway.trustProxy` believes. */
  readonly clientAddress: string | undefined;
  /** The body, which goes on to the upstream all the same. Rejects beyond the route's `maxBodyBytes`, and once it has gone there unread. */
  readonly body: () => Promise<Uint8Array>;
  readonly text: () => Promise<string>;
  readonly json: () => Promise<unknown>;
};

/** What every hook gets. */
export type HookContext = {
  readonly request: HookRequest;
  /** The route as configured (`"GET /data/:id"`), and the name of its upstream. */
  readonly route: { readonly key: string; readonly upstream: string };
  readonly store: HookStore;
  /** Writes to the gateway's log, with the route and the hook. */
  readonly log: (level: "info" | "warn" | "error", message: string, fields?: Record<string, unknown>) => void;
  /** Keeps the isolate until the work is done; its failure is logged. */
  readonly waitUntil: (work: Promise<unknown>) => void;
};

/** One way to pay. */
export type HookPrice = {
  /** CAIP-2, `eip155:8453`. */
  readonly network: string;
  /** Address of the token. */
  readonly asset: string;
  /** Atomic units of the token. */
  readonly amount: string;
  readonly payTo: string;
};

/** A payment whose money has moved. */
export type HookPayment = {
  readonly payer: string;
  readonly network: string;
  readonly asset: string;
  /** What was charged, atomic units of the token. */
  readonly amount: string;
  readonly transaction: string;
};

/** The upstream's answer. A body that is not read streams on untouched; one that is read goes on byte for byte. */
export type HookResponse = {
  readonly status: number;
  /** A copy. */
  readonly headers: Headers;
  /** The whole body as UTF-8; rejects beyond 1 MiB. */
  readonly text: () => Promise<string>;
  readonly json: () => Promise<unknown>;
};

/** With the price: one entry for each way to pay; none is free. */
export type PricedContext = HookContext & { readonly price: { readonly accepts: readonly HookPrice[] } };
export type SettledContext = PricedContext & { readonly payment: HookPayment };
/** `payment` is there once the money has moved. */
export type ResponseContext = PricedContext & {
  readonly payment: HookPayment | undefined;
  readonly response: HookResponse;
};
export type ErrorContext = PricedContext & {
  readonly payment: HookPayment | undefined;
  /** A code of `docs/errors.md` and its status, or `upstream_status` and what the upstream answered. */
  readonly error: { readonly code: string; readonly status: number };
  /** Why a payment that was presented was not charged; undefined when it was, or when that is not known. */
  readonly skipped: string | undefined;
};

/** The money is owed back: noted for the operator, who sends it. `amount` in atomic units, default all of it. */
export type RefundWish = { reason: string; amount?: string | bigint | undefined };

// biome-ignore lint/suspicious/noConfusingVoidType: what a function without a return gives back is called so
type Result<T> = Promise<T | undefined | void> | T | undefined | void;

/** The hooks of a configuration or a route. */
export type Hooks = {
  /** Before anything else. */
  onRequest?: ((context: HookContext) => Result<Rejection>) | undefined;
  /** The price is known; it cannot be changed here. */
  onPriceResolved?: ((context: PricedContext) => Result<Rejection>) | undefined;
  /** The money has moved. */
  onSettled?: ((context: SettledContext) => Result<{ refund: { reason: string } }>) | undefined;
  /** The upstream's headers are there. A `Response` takes the answer's place. */
  onResponse?:
    | ((
        context: ResponseContext,
      ) => Result<
        | { settle: false; reason: string }
        | { refund: RefundWish }
        | (Rejection & { refund?: RefundWish | undefined })
        | Response
      >)
    | undefined;
  /** A call that was admitted has failed. */
  onError?: ((context: ErrorContext) => Result<{ refund: RefundWish }>) | undefined;
};

/** Name of a hook. */
export type HookName = keyof Hooks;

/** A route's hooks: its own, and the global ones for the rest; `timeoutMs` is the longest that each may take. */
export type RouteHooks = Hooks & { timeoutMs: number };
