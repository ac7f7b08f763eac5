/**
 * What rules and price functions look at. The client writes all of it and the upstream reads it again, so a value that can
 * be read in two ways is refused instead of priced: a query name that comes twice, names that differ only in case, an
 * object where a text is expected. Headers go to the upstream in their end-to-end form, and so they are looked at.
 */
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { Read } from "../core/pricing.ts";

/**
 * A request as far as prices depend on it; `body` is undefined where there is none. `heeded` notes the names of the headers
 * that were looked at, whether they were there or not.
 */
export type Facts = Pick<Call, "url" | "params"> & { headers: Headers; heeded: Set<string>; body: unknown };

/** Stands among the heeded for every header that there is. */
export const ALL = "*";

/** The headers that were looked at, with their values: what a price that holds is bound to. */
export function boundHeaders({ headers, heeded }: Facts): string {
  const names = heeded.has(ALL) ? [...headers.keys()] : [...heeded].sort();
  return JSON.stringify(names.map((name) => [name, headers.get(name)]));
}

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
      facts.heeded.add(name);
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

/**
 * The value of a query name. Servers differ in whether case counts, in whether `a[]` is another `a`, and in whether `;`
 * divides.
 * @throws GatewayError `query_ambiguous` when there could be another one
 */
export function onlyQuery(url: URL, name: string): string | undefined {
  const { divided, folded } = asSent(url);
  const wanted = fold(name);
  const meant = folded.filter((sent) => sent === wanted || sent.startsWith(`${wanted}[`));
  const value = url.searchParams.get(name) ?? undefined;
  const isPlain = meant.length === 1 && value !== undefined && divided.get(name) === value;
  if (meant.length > 0 && !isPlain)
    throw new GatewayError("query_ambiguous", { detail: `"${name}" is sent twice, or in another form.` });
  return value;
}

type Sent = { divided: URLSearchParams; folded: string[] };
const queries = new WeakMap<URL, Sent>();

/** The query as it might be divided, read once: a price function may look at every name of it. */
function asSent(url: URL): Sent {
  const { search, searchParams } = url;
  const known = queries.get(url);
  if (known) return known;
  const divided = search.includes(";") ? new URLSearchParams(search.replaceAll(";", "&")) : searchParams;
  const sent = { divided, folded: [...divided.keys()].map(fold) };
  queries.set(url, sent);
  return sent;
}

/** A name as readers that ignore case see it: in capitals, the long s is an S and the sign of kelvin a K. */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
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
  const name = namesOf(value).get(fold(key));
  if (name === undefined) return [];
  if (name !== key) throw notPriceable(`"${key}" is written in another case`);
  return valuesAt(Reflect.get(value, key), rest);
}

/** Folded once for each object: a client decides how many names there are, and a route how often they are looked through. */
const objects = new WeakMap<object, Map<string, string | null>>();

/** The names of an object as readers see them that ignore case, as some upstreams do; null for several. */
function namesOf(value: object): Map<string, string | null> {
  const known = objects.get(value);
  if (known) return known;
  const names = new Map<string, string | null>();
  for (const own of Object.keys(value)) {
    const name = fold(own);
    names.set(name, names.has(name) ? null : own);
  }
  objects.set(value, names);
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
