/**
 * What a call costs. Deterministic: the paid retry is compared with this very quote, so equal requests get equal
 * requirements, in the order of the configuration (clients take the first they can pay). What the price depends on is part
 * of what the payment is bound to: a price that comes from the body binds the body, and so does a charge by use.
 *
 * | price | from |
 * |---|---|
 * | `match` | the first rule that fits (`rules.ts`), over values that can be read in one way only (`facts.ts`, `json.ts`) |
 * | `type: "token-based"` | the model in the body (`models.ts`) |
 * | `pricing.max` | of metered routes: what is authorised |
 * | `price`, `fallback`, `defaults.price` | the configuration, or the seller's function (`function.ts`) |
 *
 * A function whose price changes while clients pay says how long its quotes hold; they are signed (`signed.ts`).
 */
import type { Call } from "../core/call.ts";
import { endToEnd } from "../core/connection.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import { hex } from "../core/hash.ts";
import { priceOfModel } from "../core/models.ts";
import { isDearer } from "../core/money.ts";
import { isFixed, type Price } from "../core/pricing.ts";
import type { Quote } from "../core/quote.ts";
import type { Route } from "../core/route.ts";
import { HEADERS, type PaymentRequirements } from "../core/x402.ts";
import { boundHeaders, type Facts } from "./facts.ts";
import { askFunction } from "./function.ts";
import { readJson } from "./json.ts";
import { modelOf, priceOf as modelPrice } from "./models.ts";
import { offersOf, onHitOf, type Told } from "./offers.ts";
import { fitting } from "./rules.ts";
import { makeSigner } from "./signed.ts";

/** What clients send with a payment and not before: paid and unpaid, a call is the same. */
const WITH_PAYMENTS = [HEADERS.signature, HEADERS.v1Signature, "access-control-expose-headers"];

/** Prices a call. @throws GatewayError `body_*`, `query_ambiguous`, `price_failed`, `rejected` */
export type QuoteCall = (call: Call) => Promise<Quote>;

/** Makes the room. `secret`, shared by all instances, signs quotes. */
export function makeQuote(options: {
  clock: Clock;
  secret: string;
  /** Adds what only the facilitator can say. */
  complete: (accepts: PaymentRequirements[], call: Call) => Promise<PaymentRequirements[]>;
}): QuoteCall {
  const { clock, secret, complete } = options;
  const signer = makeSigner(secret, clock);
  return async function quote(call) {
    const { route } = call;
    const { facts, terms } = await readFacts(call);
    const { price, payTo } = await priceOf(call, facts);
    if (price.amount.digits === 0n) return { kind: "free" };
    const offered = offersOf(route, { price, payTo });
    const accepts = await complete(offered, call);
    const onHit = route.cache ? await onHitOf(route, { price, payTo }, (given) => complete(given, call)) : {};
    const quoted = { terms, tier: isFixed(route.pricing) ? "" : tierOf(price), ...onHit };
    const { quoteTtlMs } = route.pricing;
    if (quoteTtlMs === 0) return { kind: "priced", accepts, quoted };
    const bound = [...terms, boundHeaders(facts)];
    return {
      kind: "priced",
      accepts: await Promise.all(accepts.map((each) => signer.sign(call, bound, each, quoteTtlMs))),
      quoted: { ...quoted, honour: (accepted) => signer.honour(call, bound, accepted) },
    };
  };
}

async function readFacts(call: Call): Promise<{ facts: Facts; terms: string[] }> {
  const { request, url, params, body, route } = call;
  // Nobody looks at the headers of a call whose price is fixed.
  const headers = isFixed(route.pricing) ? request.headers : endToEnd(request.headers);
  if (headers !== request.headers) for (const name of WITH_PAYMENTS) headers.delete(name);
  const facts = { url, params, headers, heeded: new Set<string>() };
  const { readsBody, reads, models } = route.pricing;
  // Calls that are told apart by their body are bound to it, too.
  const tellsApart = route.cache?.methods.has(request.method) === true;
  // What is charged by use depends on the body as well, whether a price is read from it or not.
  if (!(readsBody || route.usage || tellsApart) || request.method === "GET" || request.method === "HEAD") {
    return { facts: { ...facts, body: undefined }, terms: [] };
  }
  const bytes = await body.bytes();
  const terms = [hex(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>))];
  if (!readsBody) return { facts: { ...facts, body: undefined }, terms };
  const empty = bytes.byteLength === 0 && !models && !reads.some(({ from }) => from === "body");
  return {
    facts: { ...facts, body: empty ? undefined : readJson(bytes, request.headers.get("content-type")) },
    terms,
  };
}

async function priceOf(call: Call, facts: Facts): Promise<Told> {
  const { rules, sure } = fitting(call.route.pricing, facts);
  const told: Told[] = sure ? rules : [...rules, await otherwiseOf(call, facts)];
  return told.reduce((most, one) => (isDearer(one.price.amount, most.price.amount) ? one : most));
}

async function otherwiseOf(call: Call, facts: Facts): Promise<Told> {
  const { pricing, offers, usage } = call.route;
  const decimals = Math.min(...offers.map(({ asset }) => asset.decimals));
  const { otherwise, models } = pricing;
  const model = models || usage?.tokens ? modelOf(facts) : undefined;
  const known = models && model !== undefined ? modelPrice(model, models, decimals) : undefined;
  const price = known ?? otherwise;
  if (price === undefined || !canBeMetered(usage, model)) {
    throw new GatewayError("model_unknown", {
      detail: model ? `There is no price for "${model}".` : "The body names no model.",
    });
  }
  return {
    price: typeof price === "function" ? await askFunction(price, call, facts, decimals) : price,
    payTo: {},
  };
}

/** A call whose tokens could not be charged for is refused before it is made. */
function canBeMetered(usage: Route["usage"], model: string | undefined): boolean {
  if (!usage?.tokens || !("models" in usage.tokens) || model === undefined) return true;
  return priceOfModel(model, usage.tokens.models) !== undefined;
}

function tierOf({ amount, symbol = "USD" }: Price): string {
  let { digits, scale } = amount;
  while (scale > 0 && digits % 10n === 0n) [digits, scale] = [digits / 10n, scale - 1];
  return `${digits}e-${scale}${symbol}`;
}
