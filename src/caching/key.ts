/**
 * Which calls ask for the same. Method, scheme (upstreams are told it, and redirect by it), host, path and query are the
 * key; what else tells answers apart (the names in their `Vary`, the route's own, the price) is looked at by the store.
 * What of the query is not in the key does not go to the upstream either: nobody can make an answer for others with a part
 * of the URL that does not tell them apart.
 */
import type { CacheRules } from "../core/cache.ts";
import type { Call } from "../core/call.ts";
import { hash, hex } from "../core/hash.ts";
import type { Selecting } from "../core/kept.ts";
import { isFixed } from "../core/pricing.ts";
import type { Route } from "../core/route.ts";

/**
 * Headers that say who asks, by how they are called: better one too many, which is not shared, than one too few. Their
 * values do not leave the isolate in the clear.
 */
const CREDENTIALS =
  /(?:^|[-_])(?:auth(?:orization|entication)?|cookie|(?:api|access)?key(?:[-_]id)?|(?:api|auth|access|session|user|id)?token|secret|pass(?:word|wd)?|credentials?|jwt|dpop|signature|principal|(?:session|user|account|tenant|customer|client|member|subject|org|organi[sz]ation|email)(?:[-_]?(?:id|name|email))?)$/;
/** Called like credentials: what browsers say of a request, and the name of a single one. */
const NO_CREDENTIALS = /^(?:sec-|(?:x-)?idempotency-key$)/;
/** What the upstream is asked with in any case, and what is about this message only. */
const NOT_TELLING = /^(?:accept-encoding|if-.*|range|cache-control|pragma|content-length|date)$/;
/** Stands for the call's price among the headers; no header is called so. */
export const PRICE = ":price";

/** What a call asks for: its key in the store, and what else may tell its answer from others. */
export type Asked = {
  key: string;
  selecting: Selecting;
  /** Who asks is said, and not told apart by the route. */
  credentials: boolean;
};

type Parts = Pick<URL, "protocol" | "host" | "pathname" | "search">;

/** The keys of what is kept for `GET` of a URL, whichever scheme the gateway is reached by: proxies in front may change it. */
export function keysOf(url: URL, rules: Pick<CacheRules, "queryKeys">): string[] {
  const { host, pathname, search } = url;
  return ["http:", "https:"].map((protocol) => keyOf("GET", { protocol, host, pathname, search }, rules));
}

function keyOf(
  method: string,
  url: Parts,
  { queryKeys }: Pick<CacheRules, "queryKeys">,
  digest = "",
): string {
  const path = upperEscapes(url.pathname);
  const query = upperEscapes(queryOf(url, queryKeys));
  return JSON.stringify([method === "HEAD" ? "GET" : method, url.protocol, url.host, path, query, digest]);
}

/** The query as it is in the key, and as the upstream gets it. */
export function queryOf({ search }: Pick<URL, "search">, queryKeys: string[] | undefined): string {
  if (!queryKeys) return search;
  const chosen = [...new URLSearchParams(search)].filter(([name]) => queryKeys.includes(name));
  chosen.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const query = new URLSearchParams(chosen).toString();
  return query === "" ? "" : `?${query}`;
}

/** What a call asks for; `seen` are the headers that its upstream gets. */
export async function askedOf(call: Call, rules: CacheRules, seen: Headers): Promise<Asked> {
  const { request, url, route, quoted } = call;
  const names = [...seen.keys()].filter((name) => !NOT_TELLING.test(name) && !isSet(route, name));
  let credentials = false;
  const selecting = await Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const value = seen.get(name) ?? "";
      // RFC 9111, 4.1: what means the same may be taken for the same.
      if (name === "accept-language") return [name, value.toLowerCase().replaceAll(" ", "")];
      if (!CREDENTIALS.test(name) || NO_CREDENTIALS.test(name)) return [name, value];
      credentials ||= !rules.vary.includes(name);
      return [name, await hash(value)];
    }),
  );
  if (!isFixed(route.pricing)) selecting.push([PRICE, quoted?.tier ?? "free"]);
  return { key: keyOf(request.method, url, rules, await digestOf(call)), selecting, credentials };
}

/** The same bytes sent as something else are something else. */
async function digestOf({ request, body }: Call): Promise<string> {
  if (request.method === "GET" || request.method === "HEAD") return "";
  const bytes = (await body.bytes()) as Uint8Array<ArrayBuffer>;
  const type = request.headers.get("content-type") ?? "";
  return `${hex(await crypto.subtle.digest("SHA-256", bytes))} ${type}`;
}

/** True for a field that the upstream gets from the configuration, whoever asks. */
function isSet({ upstream, requestHeaders }: Route, name: string): boolean {
  const has = (headers: Record<string, string>) =>
    Object.keys(headers).some((set) => set.toLowerCase() === name);
  return has(requestHeaders.set) || upstream.targets.every(({ headers }) => has(headers));
}

/** Escapes are the same in either case (RFC 3986, 6.2.2.1). */
function upperEscapes(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (escaped) => escaped.toUpperCase());
}
