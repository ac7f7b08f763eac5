/** `gateway`, `defaults` and `upstreams` of an original file. */
import { defined, type Fields, fieldsOf, isReference, listOf, textOf } from "./fields.ts";
import type { Ledger } from "./ledger.ts";
import { carryPrice } from "./price.ts";

/** What pages were allowed there, unless a file said otherwise. Here more is, so it is written down. */
const CORS = {
  allowedMethods: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
  allowedHeaders: ["content-type", "payment-signature", "authorization"],
  exposedHeaders: ["payment-required", "payment-response", "www-authenticate", "payment-receipt"],
};
/** Longest wait for an upstream's headers there, ms. */
const UPSTREAM_MS = 30_000;
const DEFAULT_PRICE = "$0.001";
/** Headers that say who asks. */
const SECRET = /auth|key|token|secret|cookie|passw/i;

/** `gateway`; what is not known here is left for the check to refuse. */
export function carryGateway(file: Fields, ledger: Ledger): Fields | undefined {
  const { port, hostname, cors, ...rest } = fieldsOf(file.gateway);
  const kept = { ...rest, ...(cors === undefined ? {} : { cors: carryCors(cors) }) };
  if (port !== undefined) {
    const todo = `tollbooth serve --port ${Number(port)}, or PORT; on Workers and Vercel there is none`;
    ledger.note("gateway.port", "changed", "the port is not in the configuration", todo);
  }
  if (hostname !== undefined) {
    const todo = "tollbooth serve --host, or HOST; on Workers and Vercel the platform listens";
    ledger.note("gateway.hostname", "changed", "the address is not in the configuration", todo);
  }
  for (const name of ["discovery", "metrics", "trustProxy", "cors"]) ledger.carried(`gateway.${name}`);
  return Object.keys(kept).length > 0 ? kept : undefined;
}

function carryCors(cors: unknown): unknown {
  if (typeof cors === "boolean") return cors;
  const { allowedMethods, ...rest } = fieldsOf(cors);
  const methods = allowedMethods ?? CORS.allowedMethods;
  return { ...CORS, ...rest, allowedMethods: listOf(methods).map((method) => String(method).toUpperCase()) };
}

/** `defaults`, with the price that was charged where nobody wrote one. */
export function carryDefaults(file: Fields, asset: string, ledger: Ledger): Fields {
  const { price, timeout, rateLimit, verificationCache } = fieldsOf(file.defaults);
  for (const name of ["timeout", "rateLimit", "verificationCache"]) ledger.carried(`defaults.${name}`);
  const unpriced = Object.entries(fieldsOf(file.routes)).filter(([, route]) => !isPriced(fieldsOf(route)));
  if (price === undefined && unpriced.length > 0) {
    const keys = unpriced.map(([key]) => `"${key}"`).join(", ");
    const what = `${keys} ${unpriced.length === 1 ? "has" : "have"} no price of ${unpriced.length === 1 ? "its" : "their"} own and cost ${DEFAULT_PRICE} there, which is written down here`;
    ledger.note("", "money", what, "write the price that you want");
  }
  const own = price === undefined ? undefined : carryPrice(price, asset, "defaults.price", ledger);
  return defined({
    price: own ?? (unpriced.length > 0 ? DEFAULT_PRICE : undefined),
    timeout,
    rateLimit,
    verificationCache,
  });
}

function isPriced(route: Fields): boolean {
  const { price, fallback } = { ...route, ...fieldsOf(route.pricing) };
  return price !== undefined || fallback !== undefined;
}

/** `upstreams`. */
export function carryUpstreams(file: Fields, asset: string, ledger: Ledger): Record<string, Fields> {
  const entries = Object.entries(fieldsOf(file.upstreams)).map(([name, upstream]) => {
    const path = `upstreams.${name}`;
    const { url, headers, timeout, openapi, defaultPrice } = fieldsOf(upstream);
    for (const field of ["headers", "openapi"]) ledger.carried(`${path}.${field}`);
    for (const [header, value] of Object.entries(fieldsOf(headers)))
      if (SECRET.test(header) && !isReference(String(value))) ledger.inTheClear(`${path}.headers.${header}`);
    if (timeout !== undefined) {
      const what = `was in milliseconds (${Number(timeout)}), whatever its documents said, and is in seconds here`;
      ledger.note(`${path}.timeout`, "changed", what);
    }
    const price =
      defaultPrice === undefined
        ? undefined
        : carryPrice(defaultPrice, asset, `${path}.defaultPrice`, ledger);
    const seconds = Number(timeout ?? UPSTREAM_MS) / 1000;
    const kept = { url: carryUrl(url, `${path}.url`, ledger), headers, timeout: seconds };
    return [name, defined({ ...kept, openapi, defaultPrice: price })] as const;
  });
  const what = "clients' cookies went to every upstream there; here only to those with cookies: true";
  if (entries.length > 0) ledger.note("", "changed", what);
  return Object.fromEntries(entries);
}

/** There, a path in the base URL was dropped with every call; here it is put before the path. */
function carryUrl(written: unknown, path: string, ledger: Ledger): unknown {
  ledger.carried(path);
  const url = textOf(written);
  if (url === undefined || isReference(url) || !URL.canParse(url)) return written;
  const { pathname, origin } = new URL(url);
  if (pathname === "/") return url;
  const what = `the original never used the path "${pathname}" of an upstream's URL, and here it would be put before every path: it is left out`;
  ledger.note(path, "changed", what, "write it again if your routes lack it");
  return origin;
}
