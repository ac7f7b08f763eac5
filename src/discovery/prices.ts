/** What calls cost, as it is told to who looks around. Never what a price depends on: conditions may name what only some know. */
import { type Decimal, isDearer, toAtomic } from "../core/money.ts";
import { isFixed, type Price } from "../core/pricing.ts";
import type { Route } from "../core/route.ts";
import { extraOf } from "../core/terms.ts";

const UNITS: [unit: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** How a route is priced; the names of the original Tollbooth, and what it does not know. */
export type Pricing = {
  /** `static`: one price. `match`: by what is in the request. `dynamic`: a function's. */
  type: "static" | "match" | "dynamic" | "token-based";
  /** What the price is for. */
  model: "request" | "time" | "credits" | "usage";
  /** `time`: how long it is paid for; `credits`: how long they can be used. As in a configuration: `15m`. */
  duration?: string;
  calls?: number;
  /** What a call costs where nothing else is said. */
  defaultPrice?: string;
  /** The most that a call can cost, where that is known and is another. */
  maxPrice?: string;
};

/** The pricing of a route. */
export function pricingOf({ pricing, price, usage, session, credits }: Route): Pricing {
  const { rules, models, otherwise } = pricing;
  const isFunction = typeof otherwise === "function";
  const type = models ? "token-based" : rules.length > 0 ? "match" : isFunction ? "dynamic" : "static";
  const model = usage ? "usage" : session ? "time" : credits ? "credits" : "request";
  const spanMs = session?.durationMs ?? credits?.ttlMs;
  const fallback = isFunction ? undefined : otherwise;
  const dearest = rules.map((rule) => rule.price).reduce(dearer, fallback);
  const isOpen = models !== undefined || isFunction;
  return {
    type,
    model,
    ...(spanMs === undefined ? {} : { duration: durationOf(spanMs) }),
    ...(credits ? { calls: credits.calls } : {}),
    ...(fallback ? { defaultPrice: show(fallback) } : {}),
    ...(usage && price ? { maxPrice: show({ amount: price }) } : {}),
    ...(!isOpen && dearest && dearest !== fallback ? { maxPrice: show(dearest) } : {}),
  };
}

function durationOf(ms: number): string {
  const [unit, span] = UNITS.find(([, one]) => ms % one === 0) ?? ["ms", 1];
  return `${ms / span}${unit}`;
}

function dearer(most: Price | undefined, one: Price): Price {
  return most && !isDearer(one.amount, most.amount) ? most : one;
}

/** A price as it is written in a configuration: `$0.01`, `0.01 USDT`. */
export function show({ amount, symbol }: Price): string {
  return symbol === undefined ? `$${decimal(amount)}` : `${decimal(amount)} ${symbol}`;
}

function decimal({ digits, scale }: Decimal): string {
  const text = digits.toString().padStart(scale + 1, "0");
  const whole = text.slice(0, text.length - scale);
  const fraction = text.slice(text.length - scale).replace(/0+$/, "");
  // A price with a single digit behind its point reads like something else.
  return fraction === "" ? whole : `${whole}.${fraction.padEnd(2, "0")}`;
}

/** How calls can be paid; nothing for what is free. Who checks and settles is no matter of the client's. */
export function acceptsOf(route: Route): Record<string, unknown>[] {
  if (!route.price) return [];
  const { otherwise } = route.pricing;
  const fixed = isFixed(route.pricing) && typeof otherwise === "object" ? otherwise : undefined;
  return route.offers
    .filter(({ symbol }) => fixed?.symbol === undefined || fixed.symbol === symbol)
    .map((offer) => {
      const { scheme, network, symbol, asset, payTo } = offer;
      const amount = fixed && toAtomic(fixed.amount, asset.decimals);
      return {
        scheme,
        network,
        asset: symbol,
        address: asset.address,
        decimals: asset.decimals,
        ...(amount === undefined ? {} : { amount: amount.toString() }),
        payTo,
        maxTimeoutSeconds: route.timeoutSeconds,
        extra: extraOf(offer),
      };
    });
}

/** A sentence's worth of what a call costs. */
export function tell(route: Route): string {
  if (!route.price) return "free";
  const { type, model, duration, calls, defaultPrice, maxPrice } = pricingOf(route);
  const price = defaultPrice ?? maxPrice;
  if (model === "usage") return `by use, at most ${maxPrice ?? price}`;
  const amount =
    type === "static" && price
      ? price
      : type === "match" && price
        ? `${price}${maxPrice === undefined ? "" : `, or up to ${maxPrice}`}, by what is asked for`
        : type === "token-based"
          ? "by the model that is asked for"
          : "by what is asked for; the 402 tells";
  if (model === "time") return `${amount} for ${duration}`;
  return model === "credits" ? `${amount} for ${calls} calls` : `${amount} a call`;
}
