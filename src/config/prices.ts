/** What the calls of a route cost: prices read exactly, rules compiled, contradictions found. */
import { isDearer } from "../core/money.ts";
import type { Price, Pricing } from "../core/pricing.ts";
import type { Offer, Route } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import { checkPayTo } from "./pay-to.ts";
import { checkPrice } from "./price.ts";
import { compileRules } from "./rules.ts";
import type { RawConfig } from "./schema.ts";

type RawRoute = RawConfig["routes"][string];

/** What a route costs, and how it is told. */
export type Priced = Pick<Route, "pricing" | "price" | "maxBodyBytes">;

const DEFAULT_BODY_BYTES = 1_048_576;
/** Nobody knows what a function will say. */
const DEARER_THAN_ANY = { digits: 10n ** 30n, scale: 0 };
/** Longest time a quote may hold, ms: nobody should pay yesterday's price. */
const LONGEST_QUOTE_MS = 86_400_000;

/** Compiles a route's prices; undefined with faults. */
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
  const otherwise = checkOtherwise(route, path, offers, raw, faults);
  const { rules, reads } = compileRules(route, key, offers, faults);
  if (otherwise === undefined || faults.length > before) return undefined;
  const isFunction = typeof otherwise === "function";
  const prices = [...rules.map(({ price }) => price), ...(isFunction ? [] : [otherwise])];
  const pricing: Pricing = {
    reads,
    rules,
    otherwise,
    readsBody: (isFunction && route.body !== "stream") || reads.some(({ from }) => from === "body"),
    quoteTtlMs:
      route.quoteTtl === undefined
        ? 0
        : checkDuration(route.quoteTtl, `${path}.quoteTtl`, LONGEST_QUOTE_MS, faults),
  };
  return {
    pricing,
    price: isFunction ? DEARER_THAN_ANY : dearestOf(prices),
    maxBodyBytes: route.maxBodyBytes ?? raw.defaults?.maxBodyBytes ?? DEFAULT_BODY_BYTES,
  };
}

function dearestOf(prices: Price[]): Route["price"] {
  const amounts = prices.map(({ amount }) => amount);
  const dearest = amounts.reduce((most, amount) => (isDearer(amount, most) ? amount : most));
  return dearest.digits === 0n ? undefined : dearest;
}

/** Settings that do nothing beside each other. */
function checkTogether(
  { price, fallback, match, type, models, quoteTtl, body }: RawRoute,
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
  if (quoteTtl !== undefined && !isFunction)
    fault("quoteTtl", "is for price functions; other prices do not change", "leave it out");
  if (body !== undefined && !isFunction)
    fault("body", "is for price functions", "leave it out; rules read what they name");
}

function checkOtherwise(
  { price, fallback }: RawRoute,
  path: string,
  offers: Offer[],
  { defaults }: RawConfig,
  faults: Fault[],
): Pricing["otherwise"] | undefined {
  if (typeof price === "function") return price;
  if (fallback !== undefined) return checkPrice(fallback, `${path}.fallback`, offers, faults);
  return checkPrice(price ?? defaults?.price, `${path}.price`, offers, faults);
}

/** The route's ways to be paid, each with who receives it there. */
export function checkReceivers(route: RawRoute, path: string, offers: Offer[], faults: Fault[]): Offer[] {
  const own = checkPayTo(route.payTo, `${path}.payTo`, offers, faults);
  return offers.map((offer) => ({ ...offer, payTo: own[offer.network] ?? offer.payTo }));
}
