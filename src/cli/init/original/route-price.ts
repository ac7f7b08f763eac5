/** What a route costs: the original's order of prices, written as this gateway's. */
import { type Fields, fieldsOf, listOf, textOf } from "./fields.ts";
import type { Functions } from "./functions.ts";
import type { Ledger } from "./ledger.ts";
import { MODEL_PRICES } from "./models.ts";
import { carryPrice } from "./price.ts";

/** What prices are read with. */
export type Pricing = {
  path: string;
  /** Symbol of what is accepted first: its decimals were the price's. */
  asset: string;
  /** Price of whatever has none. */
  otherwise: string;
  ledger: Ledger;
  functions: Functions;
};

type Source = { value: unknown; path: string };

/** The route's fields about its price. There: rules, then `price`, then `fallback`, then `defaults.price`. */
export function carryRoutePrice(route: Fields, at: Pricing): Fields {
  const { path, ledger } = at;
  const pricing = fieldsOf(route.pricing);
  const pick = (name: string): Source | undefined => {
    if (pricing[name] === undefined)
      return route[name] === undefined ? undefined : { value: route[name], path: `${path}.${name}` };
    if (route[name] !== undefined)
      ledger.note(`${path}.${name}`, "changed", `was never used: pricing.${name} went before it`);
    return { value: pricing[name], path: `${path}.pricing.${name}` };
  };
  const [price, fallback, match] = ["price", "fallback", "match"].map(pick);
  if (price && fallback) ledger.note(fallback.path, "changed", "was never used: price went before it");
  const source = price ?? fallback;
  for (const name of ["model", "duration"]) ledger.carried(`${path}.pricing.${name}`);
  const { model, duration } = pricing;
  const time = model === "time" ? { pricing: { model, duration } } : {};
  if (route.type !== undefined) return { ...carryModels(route, { price, fallback, match }, at), ...time };
  const rules = match && { match: carryRules(match, at) };
  if (!source) return { ...rules, ...time };
  const carried = carryOne(source, at);
  const name = rules && typeof carried === "string" ? "fallback" : "price";
  return { ...rules, [name]: carried, ...time };
}

/** Text, or the function of a module; a module that is not there leaves no price, which closes the route. */
function carryOne({ value, path }: Source, { asset, ledger, functions }: Pricing): unknown {
  if (typeof value !== "object" || value === null) return carryPrice(value, asset, path, ledger);
  return functions.take(fieldsOf(value).fn, `${path}.fn`, "price") ?? "a function that is not here";
}

function carryRules({ value, path }: Source, { asset, ledger }: Pricing): Fields[] {
  const rules = listOf(value).map((rule, i) => {
    const at = `${path}[${i}]`;
    const { where, price, payTo } = fieldsOf(rule);
    for (const name of Object.keys(fieldsOf(where))) {
      ledger.carried(`${at}.where.${name}`);
      if (/^headers\..*[A-Z]/.test(name)) {
        const what = "names of headers were in lower case there, so this never fitted; here it does";
        ledger.note(`${at}.where.${name}`, "money", what, "leave the rule out to keep it so");
      }
    }
    const receiver = carryPayTo(payTo, `${at}.payTo`, ledger);
    return { where, price: carryPrice(price, asset, `${at}.price`, ledger), ...receiver };
  });
  const what =
    "words and globs fit whatever their case here, and numbers also where they come as text (?size=5)";
  ledger.note("", "money", `rules (match): ${what}`);
  return rules;
}

/** The receiver; of shares the first, who got everything there as well. */
export function carryPayTo(written: unknown, path: string, ledger: Ledger): { payTo?: unknown } {
  if (written === undefined) return {};
  if (!Array.isArray(written)) {
    ledger.carried(path);
    return { payTo: written };
  }
  const { address } = fieldsOf(written[0]);
  const what =
    "the original paid everything to the first address, whatever the shares, and so it is written here";
  ledger.note(path, "money", what, "name a contract that splits what it receives");
  return address === undefined ? {} : { payTo: address };
}

/** By model: the route's own prices, then the original's table, then for every other model the route's price. */
function carryModels(
  route: Fields,
  { price, fallback, match }: Record<"price" | "fallback" | "match", Source | undefined>,
  at: Pricing,
): Fields {
  const { path, asset, ledger } = at;
  ledger.carried(`${path}.type`);
  if (match) {
    const what = "were asked only where the body named no model; here models alone set the price";
    ledger.note(match.path, "money", what, "make a route of its own for them");
  }
  const isFunction = price && textOf(price.value) === undefined;
  if (isFunction) {
    const what = "was asked only where the body named no model; here models alone set the price";
    ledger.note(price.path, "money", what, "use the function alone, without type");
  }
  const source = isFunction ? fallback : (price ?? fallback);
  const otherwise = source ? carryPrice(source.value, asset, source.path, ledger) : at.otherwise;
  const own = Object.entries(fieldsOf(route.models)).map(
    ([name, text]) => [name, carryPrice(text, asset, `${path}.models.${name}`, ledger)] as const,
  );
  const what =
    "the original's built-in prices and its price for unknown models are written into models, so that ours, which are others, are not used";
  ledger.note(`${path}.type`, "money", what, 'leave out what you do not sell, and "*" to sell by our table');
  const models = { ...MODEL_PRICES, ...Object.fromEntries(own), "*": otherwise };
  return { type: "token-based", models, fallback: otherwise };
}
