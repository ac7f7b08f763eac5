/** What hooks are given: frozen copies, with nothing of the gateway's own behind them. */
import type { Answer } from "../core/answer.ts";
import type { Call, Claim } from "../core/call.ts";
import { about, type Emit } from "../core/events.ts";
import type {
  HookContext,
  HookName,
  HookPayment,
  HookResponse,
  HookStore,
  PricedContext,
} from "../core/hooks.ts";
import type { PaymentRequirements } from "../core/x402.ts";
import type { Peek } from "./peek.ts";
import { quiet, told } from "./told.ts";

/** What contexts are made with. `visible` are the request's headers without those that pay or open. */
export type Means = { store: HookStore; emit: Emit; visible: (headers: Headers) => Headers };

const LEVELS = ["info", "warn", "error"] as const;

/** The part that every hook gets. */
export function baseOf(call: Call, hook: HookName, { store, emit, visible }: Means): HookContext {
  const { request, url, route, params, clientAddress } = call;
  const called = { ...about(call), hook };
  return {
    request: Object.freeze({
      method: request.method,
      url: url.href,
      path: url.pathname,
      headers: visible(request.headers),
      params: Object.freeze({ ...params }),
      query: new URLSearchParams(url.search),
      clientAddress,
      ...readers(async () => (await call.body.bytes()).slice()),
    }),
    route: Object.freeze({ key: route.key, upstream: route.upstream.name }),
    store: quietly(store),
    log: (level, message, fields) =>
      emit({
        ...fields,
        event: "hook_log",
        level: LEVELS.find((known) => known === level) ?? "info",
        message: String(message),
        ...called,
      }),
    waitUntil: (work) =>
      call.waitUntil(
        Promise.resolve(work).catch((error: unknown) =>
          emit({ event: "hook_background_failed", level: "error", ...called, error: told(error) }),
        ),
      ),
  };
}

/** What can be paid with. */
export function priceOf(accepts: PaymentRequirements[] | undefined): PricedContext["price"] {
  const ways = (accepts ?? []).map(({ network, asset, amount, payTo }) =>
    Object.freeze({ network, asset, amount, payTo }),
  );
  return Object.freeze({ accepts: Object.freeze(ways) });
}

/** What is public of a payment, once its money has moved. */
export function paymentOf(claim: Claim | undefined): HookPayment | undefined {
  if (!claim?.receipt) return undefined;
  const { network, asset, amount } = claim.payment.requirements;
  const { payer, transaction, amount: charged = amount } = claim.receipt;
  return Object.freeze({ payer, network, asset, amount: charged, transaction });
}

/** The upstream's answer to look at. */
export function responseOf({ response }: Answer, body: Peek): HookResponse {
  const { status, headers } = response;
  const { text, json } = readers(body.bytes);
  return Object.freeze({ status, headers: new Headers(headers), text, json });
}

function quietly({ get, set, increment, delete: remove }: HookStore): HookStore {
  return Object.freeze({
    get: (key) => quiet(get(key)),
    set: (...entry) => quiet(set(...entry)),
    increment: (...sum) => quiet(increment(...sum)),
    delete: (key) => quiet(remove(key)),
  } satisfies HookStore);
}

function readers(bytes: () => Promise<Uint8Array>) {
  const read = async () => new TextDecoder().decode(await bytes());
  const json = async (): Promise<unknown> => JSON.parse(await read());
  return { body: () => quiet(bytes()), text: () => quiet(read()), json: () => quiet(json()) };
}
