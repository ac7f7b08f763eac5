/** What a route charges: its price, or what a call uses up to a maximum. */
import { type Decimal, isDearer, parsePrice } from "../core/money.ts";
import type { Price } from "../core/pricing.ts";
import type { Offer } from "../core/route.ts";
import type { Rate, Usage } from "../core/usage.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import { checkPrice } from "./price.ts";
import type { RawConfig } from "./schema.ts";
import type { RawUsage } from "./usage-schema.ts";
import { checkTokens, type ReadPrice, TOKENS_PER } from "./usage-tokens.ts";

const ZERO: Decimal = { digits: 0n, scale: 0 };
/** Counters, each with so many units that its price is for when that was not said. */
const PER = { tokens: TOKENS_PER, bytes: 1_000_000, seconds: 1, header: 1 };
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** Headers that describe the answer, its connection or its payment: no counts, and partly dropped before they are read. */
const NOT_A_COUNT =
  /^(?:content-.*|set-cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|(?:x-)?payment.*|(?:x-)?tollbooth-.*|settlement-overrides|sign-in-with-x)$/i;

/** What a metered route charges: its maximum, and how what was used is counted. */
export function checkMetered(
  key: string,
  { routes }: RawConfig,
  offers: Offer[],
  faults: Fault[],
): { max: Price; usage: Usage } | undefined {
  const route = routes[key];
  const path = `routes.${key}`;
  if (route?.pricing?.model !== "usage") return undefined;
  checkCompany(route, path, faults);
  const max = checkPrice(route.pricing.max, `${path}.pricing.max`, offers, faults);
  if (max?.amount.digits === 0n) {
    const message = "nothing can be charged up to a maximum of zero";
    faults.push({
      path: `${path}.pricing.max`,
      message,
      fix: 'write the most that a call may cost: "$0.50"',
    });
  }
  if (max?.symbol !== undefined) {
    const message = `is in ${max.symbol}, and what is used is counted in US dollars`;
    faults.push({ path: `${path}.pricing.max`, message, fix: 'write it like "$0.50"' });
  }
  const usage = checkUsage(route.pricing, max?.amount ?? ZERO, `${path}.pricing`, faults);
  return max && { max, usage };
}

/** Settings that say something else about the charge. */
function checkCompany(route: RawConfig["routes"][string], path: string, faults: Fault[]): void {
  for (const name of ["price", "match", "fallback", "type"] as const) {
    if (route[name] === undefined) continue;
    const fix = "leave it out; pricing.max is the most a call costs";
    faults.push({ path: `${path}.${name}`, message: "the route is charged by usage", fix });
  }
  if (route.settlement === "before-response") {
    const message = "what was used is known only when the answer has ended";
    faults.push({ path: `${path}.settlement`, message, fix: "leave it out" });
  }
  if (route.keepAnswer) {
    const message = "an answer that is charged by usage is not kept: its charge is settled at its end";
    faults.push({ path: `${path}.keepAnswer`, message, fix: "leave it out" });
  }
}

function checkUsage(pricing: RawUsage, max: Decimal, path: string, faults: Fault[]): Usage {
  const price: ReadPrice = (text, at) => {
    const written = parsePrice(text);
    const decimal = written?.symbol === undefined ? written?.amount : undefined;
    if (!decimal && !isUnset(text)) {
      faults.push({ path: at, message: `"${text}" is not a price`, fix: 'write it like "$0.01"' });
    }
    return decimal ?? ZERO;
  };
  const rate = (name: "bytes" | "seconds" | "header"): Rate | undefined => {
    const { [name]: given } = pricing;
    if (!given) return undefined;
    return { price: price(given.price, `${path}.${name}.price`), per: BigInt(given.per ?? PER[name]) };
  };
  const { tokens, header, base, unreadable = "max" } = pricing;
  if (!(Object.keys(PER) as (keyof typeof PER)[]).some((name) => pricing[name])) {
    const fix = 'add tokens: { input: "$3", output: "$15" }, bytes, seconds or header';
    faults.push({ path, message: "says a maximum, but not what is counted", fix });
  }
  const headerRate = rate("header");
  const fixed =
    unreadable === "max" ? max : unreadable === "none" ? ZERO : price(unreadable, `${path}.unreadable`);
  checkWithin(
    { base: base === undefined ? ZERO : price(base, `${path}.base`), unreadable: fixed },
    max,
    path,
    faults,
  );
  return {
    max,
    tokens: tokens && checkTokens(tokens, `${path}.tokens`, price, faults),
    bytes: rate("bytes"),
    seconds: rate("seconds"),
    header: header &&
      headerRate && { ...headerRate, name: checkName(header.name, `${path}.header.name`, faults) },
    base: base === undefined ? undefined : parsePrice(base)?.amount,
    unreadable: fixed,
  };
}

/** What would always be cut off was not meant. */
function checkWithin(amounts: Record<string, Decimal>, max: Decimal, path: string, faults: Fault[]): void {
  for (const [name, amount] of Object.entries(amounts)) {
    if (max.digits === 0n || !isDearer(amount, max)) continue;
    faults.push({ path: `${path}.${name}`, message: "is more than max", fix: "write at most max" });
  }
}

function checkName(name: string, path: string, faults: Fault[]): string {
  if (!isUnset(name) && (!HEADER_NAME.test(name) || NOT_A_COUNT.test(name))) {
    faults.push({ path, message: `"${name}" cannot be a count`, fix: 'write it like "x-usage-units"' });
  }
  return name.toLowerCase();
}
