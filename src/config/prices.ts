/** What the calls of a route cost: prices read exactly, rules compiled, contradictions found. */
import { isDearer } from "../core/money.ts";
import type { Price, Pricing } from "../core/pricing.ts";
import type { Offer, Route } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import { checkModels } from "./models.ts";
import { checkPayTo } from "./pay-to.ts";
import { checkPrice } from "./price.ts";
import { compileRules } from "./rules.ts";
import type { RawConfig } from "./schema.ts";
import { checkMetered } from "./usage.ts";

type RawRoute = RawConfig["routes"][string];

/** What a route costs, and how it is told. */
export type Priced = Pick<Route, "pricing" | "usage" | "price" | "maxBodyBytes">;

const DEFAULT_BODY_BYTES = 1_048_576;
/** Nobody knows what a function will say. */
const DEARER_THAN_ANY = { digits: 10n ** 30n, scale: 0 };
/** Longest time a quote may hold, ms: nobody should pay yesterday's price. */
const LONGEST_QUOTE_MS = 86_400_000;

/** Compiles a route's prices; undefined with faults. `offers` are those that its scheme can use. */
export function checkPricing(
  key: string,
  route: RawRoute,
  offers: Offer[],
  raw: RawConfig,
  faults: Fault[],
): Priced | undefined {
  const path = `routes.${key}`;
  const before = faults.length;
  checkTogether(route, path, faults);
  checkBody(route, key, faults);
  const metered = checkMetered(key, raw, offers, faults);
  const models = checkModels(route, key, offers, faults);
  const otherwise = metered?.max ?? checkOtherwise(route, path, offers, raw, faults);
  const { rules, reads } = compileRules(route, key, offers, faults);
  if (faults.length > before || (otherwise === undefined && !models)) return undefined;
  const isFunction = typeof otherwise === "function";
  const fixed = isFunction || otherwise === undefined ? [] : [otherwise];
  const readsBody =
    (isFunction && route.body !== "stream") ||
    models !== undefined ||
    metered?.usage.tokens !== undefined ||
    reads.some(({ from }) => from === "body");
  return {
    pricing: { reads, rules, models, otherwise, readsBody, quoteTtlMs: checkQuoteTtl(route, path, faults) },
    usage: metered?.usage,
    price: isFunction || models ? DEARER_THAN_ANY : dearestOf([...rules.map(({ price }) => price), ...fixed]),
    maxBodyBytes: route.maxBodyBytes ?? raw.defaults?.maxBodyBytes ?? DEFAULT_BODY_BYTES,
  };
}

function checkQuoteTtl({ quoteTtl }: RawRoute, path: string, faults: Fault[]): number {
  return quoteTtl === undefined ? 0 : checkDuration(quoteTtl, `${path}.quoteTtl`, LONGEST_QUOTE_MS, faults);
}

function dearestOf(prices: Price[]): Route["price"] {
  const amounts = prices.map(({ amount }) => amount);
  const dearest = amounts.reduce((most, amount) => (isDearer(amount, most) ? amount : most));
  return dearest.digits === 0n ? undefined : dearest;
}

/** Settings that do nothing beside each other. */
function checkTogether(
  { price, fallback, match, type, models, assumedTokens, quoteTtl, pricing }: RawRoute,
  path: string,
  faults: Fault[],
): void {
  const fault = (name: string, message: string, fix: string) =>
    faults.push({ path: `${path}.${name}`, message, fix });
  const isFunction = typeof price === "function";
  if (price !== undefined && fallback !== undefined)
    fault("fallback", "would never be charged: the route has a price", "keep one of them");
  else if (fallback !== undefined && !match && !type)
    fault("fallback", "is for routes with rules or models", 'write price: "$0.01"');
  if (match && type) fault("match", "and models cannot both set the price", "keep one of them");
  if (models && !type) fault("models", "are for token-based routes", 'add type: "token-based"');
  if (assumedTokens && !type) fault("assumedTokens", "are for token-based routes", 'add type: "token-based"');
  if (type && isFunction) fault("type", "and a function cannot both set the price", "keep one of them");
  if (quoteTtl !== undefined && !isFunction)
    fault("quoteTtl", "is for price functions; other prices do not change", "leave it out");
  else if (quoteTtl !== undefined && (pricing?.model === "time" || pricing?.model === "credits")) {
    const message = "is for prices that change, and what is bought ahead opens calls of its own price only";
    fault("quoteTtl", message, "leave it out, or sell single calls");
  }
}

function checkBody({ body, price, match = [] }: RawRoute, key: string, faults: Fault[]): void {
  if (body === undefined) return;
  const fault = (message: string, fix: string) => faults.push({ path: `routes.${key}.body`, message, fix });
  const names = match.flatMap(({ where }) => Object.keys(where));
  if (typeof price !== "function") fault("is for price functions", "leave it out; rules read what they name");
  else if (key.startsWith("GET ")) fault("GET calls have no body", "leave it out");
  else if (body === "stream" && names.some((name) => name.startsWith("body.")))
    fault("is read for the rules, so it cannot stream", "leave it out, or look at something else in match");
}

/** A limit of what is not read would be taken for one of what goes through. */
export function checkBodyLimit(
  { maxBodyBytes }: RawRoute,
  { pricing: { readsBody }, usage }: Priced,
  hooks: Route["hooks"],
  path: string,
  faults: Fault[],
): void {
  // A metered call is bound to its body, so that is read whatever is counted; a GET has none.
  const isRead = readsBody || (usage && !path.startsWith("routes.GET "));
  if (maxBodyBytes === undefined || isRead || hooks?.onRequest || hooks?.onPriceResolved) return;
  faults.push({
    path: `${path}.maxBodyBytes`,
    message: "nobody reads the body here, so nothing limits it",
    fix: "leave it out; it is for prices and hooks that depend on the body",
  });
}

function checkOtherwise(
  { price, fallback, type, pricing }: RawRoute,
  path: string,
  offers: Offer[],
  { defaults }: RawConfig,
  faults: Fault[],
): Pricing["otherwise"] | undefined {
  if (typeof price === "function") return price;
  if (pricing?.model === "usage") return undefined;
  // A model that is not known must not be sold at a price that was meant for something else.
  if (type && (price ?? fallback) === undefined) return undefined;
  if (fallback !== undefined) return checkPrice(fallback, `${path}.fallback`, offers, faults);
  return checkPrice(price ?? defaults?.price, `${path}.price`, offers, faults);
}

/** The route's ways to be paid, each with who receives it there: by use, or for a price that is known before. */
export function checkReceivers(route: RawRoute, path: string, all: Offer[], faults: Fault[]): Offer[] {
  const scheme = route.pricing?.model === "usage" ? "upto" : "exact";
  const offers = all.filter((offer) => offer.scheme === scheme);
  if (all.length > 0 && offers.length === 0) {
    const written = scheme === "upto" ? ', scheme: "upto" }' : " }";
    const fix = `add { asset: "USDC", network: "base"${written} to accepts`;
    faults.push({
      path: "accepts",
      message: `"${path.slice(7)}" is paid with ${scheme}, and nothing is accepted so`,
      fix,
    });
  }
  const own = checkPayTo(route.payTo, `${path}.payTo`, offers, faults);
  return offers.map((offer) => ({ ...offer, payTo: own[offer.network] ?? offer.payTo }));
}
