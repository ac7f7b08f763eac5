/**
 * What rules and price functions look at. The client writes all of it and the upstream reads it again, so a value that can
 * be read in two ways is refused instead of priced: a query name that comes twice, names that differ only in case, an
 * object where a text is expected.
 */
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { Read } from "../core/pricing.ts";

/** A request as far as prices depend on it; `body` is undefined where there is none. */
export type Facts = Pick<Call, "url" | "params"> & { headers: Headers; body: unknown };

/** The values that one condition may look at; none where the request has nothing there. */
export function valuesOf({ from, path, types }: Read, facts: Facts): (string | number | boolean)[] {
  const [name = ""] = path;
  switch (from) {
    case "params":
      return Object.hasOwn(facts.params, name) ? [facts.params[name] ?? ""] : [];
    case "query": {
      const value = onlyQuery(facts.url, name);
      return value === undefined ? [] : [value];
    }
    case "headers": {
      const value = facts.headers.get(name);
      if (value === null) return [];
      // Sent several times or as a list: the upstream may heed any of them.
      const parts = value.split(",").map((part) => part.trim());
      return parts.length > 1 ? [value, ...parts] : parts;
    }
    case "body":
      return valuesAt(facts.body, path).filter((value) => isScalar(value, types, path));
  }
}

/** The value of a query name. @throws GatewayError `query_ambiguous` when it has several */
export function onlyQuery(url: URL, name: string): string | undefined {
  const [value, ...others] = url.searchParams.getAll(name);
  if (others.length > 0)
    throw new GatewayError("query_ambiguous", { detail: `"${name}" is sent more than once.` });
  return value;
}

/** Follows a path; `null` is as good as nothing. @throws GatewayError `body_not_priceable` */
function valuesAt(value: unknown, path: string[]): unknown[] {
  const [key, ...rest] = path;
  if (value === undefined || value === null) return [];
  if (key === undefined) return [value];
  if (typeof value !== "object") throw notPriceable(`there is no "${key}" in a ${typeof value}`);
  if (Array.isArray(value)) {
    if (key === "*") return value.flatMap((item) => valuesAt(item, rest));
    if (!/^\d+$/.test(key)) throw notPriceable(`there is no "${key}" in an array`);
    return valuesAt(value[Number(key)], rest);
  }
  const name = namesOf(value).get(key.toLowerCase());
  if (name === null) throw notPriceable(`"${key}" comes twice, in different case`);
  return name === undefined ? [] : valuesAt(Reflect.get(value, name), rest);
}

/** Folded once for each object: a client decides how many names there are, and a route how often they are looked through. */
const folded = new WeakMap<object, Map<string, string | null>>();

/** The names of an object by their lower case, since some upstreams read them whatever their case; null for several. */
function namesOf(value: object): Map<string, string | null> {
  const known = folded.get(value);
  if (known) return known;
  const names = new Map<string, string | null>();
  for (const own of Object.keys(value)) {
    const name = own.toLowerCase();
    names.set(name, names.has(name) ? null : own);
  }
  folded.set(value, names);
  return names;
}

function isScalar(value: unknown, types: Read["types"], path: string[]): value is string | number | boolean {
  const type = typeof value;
  if (type !== "string" && type !== "number" && type !== "boolean") {
    throw notPriceable(`${path.join(".")} must be a ${[...types].join(" or ")}`);
  }
  if (!types.has(type) && !types.has("string"))
    throw notPriceable(`${path.join(".")} must be a ${[...types].join(" or ")}`);
  return true;
}

function notPriceable(detail: string): GatewayError {
  return new GatewayError("body_not_priceable", { detail: `The body cannot be priced: ${detail}.` });
}
