/**
 * Prices of the seller's own code. Whatever it gives that is not a price (a throw, NaN, a negative or absurd amount, a
 * fraction of the smallest unit, nothing in time) is the gateway's failure and never a price.
 */
import type { Call } from "../core/call.ts";
import { within } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import { type Decimal, isDearer, parsePrice } from "../core/money.ts";
import type { Price, PriceFunction, PriceInput } from "../core/pricing.ts";
import { readRejection, rejected } from "../core/reject.ts";
import { ALL, type Facts, onlyQuery } from "./facts.ts";

/** Longest time that a price function may take, ms. */
const LIMIT_MS = 5000;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Above this a price is taken for a mistake, US dollars. */
const HIGHEST: Decimal = { digits: 1_000_000n, scale: 0 };

/**
 * Asks the function. `decimals` is what the least divisible token can say: numbers are rounded to it, strings are exact.
 * @throws GatewayError `price_failed`, `rejected`, `query_ambiguous`
 */
export async function askFunction(
  price: PriceFunction,
  call: Call,
  facts: Facts,
  decimals: number,
): Promise<Price> {
  const fail = (cause: unknown) =>
    new GatewayError("price_failed", { cause: new Error(`the price of ${call.route.key}`, { cause }) });
  let result: unknown;
  try {
    result = await within(LIMIT_MS, () => price(inputOf(call, facts)));
    if (typeof result === "object" && result !== null && "reject" in result) {
      throw rejected(readRejection({ ...result }));
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : fail(error);
  }
  const text = typeof result === "string" ? parsePrice(result) : undefined;
  const known = typeof result === "number" ? fromNumber(result, decimals) : text;
  if (!known) throw fail(new Error(`${describe(result)} is not a price`));
  if (isDearer(known.amount, HIGHEST)) throw fail(new Error(`${describe(result)} is above $1,000,000`));
  return known;
}

function inputOf({ request, url, params }: Call, { headers, heeded, body }: Facts): PriceInput {
  const query: PriceInput["query"] = Object.create(null);
  for (const name of new Set(url.searchParams.keys())) {
    Object.defineProperty(query, name, { enumerable: true, get: () => onlyQuery(url, name) });
  }
  // A name that was sent in another form only must not pass for one that was not sent.
  const get = (_: unknown, name: string | symbol) =>
    typeof name === "string" ? onlyQuery(url, name) : undefined;
  return {
    method: request.method,
    url: new URL(url),
    params: { ...params },
    query: new Proxy<PriceInput["query"]>(query, { get }),
    headers: noted(Object.fromEntries(headers), heeded),
    body,
  };
}

/** The same headers; which of them are looked at is noted. */
function noted(headers: PriceInput["headers"], heeded: Set<string>): PriceInput["headers"] {
  const noting =
    <T>(look: (all: object, name: string | symbol) => T) =>
    (all: object, name: string | symbol) => {
      if (typeof name === "string" && HEADER_NAME.test(name)) heeded.add(name.toLowerCase());
      return look(all, name);
    };
  return new Proxy(headers, {
    get: noting(Reflect.get),
    has: noting(Reflect.has),
    getOwnPropertyDescriptor: noting(Reflect.getOwnPropertyDescriptor),
    ownKeys(all) {
      heeded.add(ALL);
      return Reflect.ownKeys(all);
    },
  });
}

/** Undefined for what is not an amount, and for what is above zero and would be rounded to nothing. */
function fromNumber(dollars: number, decimals: number): Price | undefined {
  if (!(dollars >= 0 && dollars < 1e15)) return undefined;
  const price = parsePrice(dollars.toFixed(Math.min(decimals, 100)));
  return price && (dollars === 0 || price.amount.digits > 0n) ? price : undefined;
}

function describe(result: unknown): string {
  return typeof result === "string" || typeof result === "number"
    ? JSON.stringify(String(result)).slice(0, 100)
    : `a value of type ${typeof result}`;
}
