/** One route of an original file, and what its place among the others meant. */
import { defined, type Fields, fieldsOf } from "./fields.ts";
import type { Functions } from "./functions.ts";
import type { Ledger } from "./ledger.ts";
import { carryAccepts, carryFacilitator } from "./payments.ts";
import { carryPayTo, carryRoutePrice } from "./route-price.ts";

/** What routes are read with. */
export type Around = {
  asset: string;
  /** Price of whatever has none. */
  otherwise: string;
  defaults: Fields;
  upstreams: Record<string, Fields>;
  hooks: Fields | undefined;
  ledger: Ledger;
  functions: Functions;
};

const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** A payment must outlive the call by this, seconds, when it is settled after it; and a hook's own time. */
const SETTLING = 16;
const HOOK = 5;

/** All routes by their keys here. */
export function carryRoutes(file: Fields, around: Around): Record<string, Fields> {
  const routes: Record<string, Fields> = {};
  for (const [written, route] of Object.entries(fieldsOf(file.routes))) {
    const path = `routes.${written}`;
    const key = carryKey(written, path, around.ledger);
    if (key === undefined) continue;
    if (routes[key.text] !== undefined) {
      around.ledger.note(path, "money", `was never reached: "${key.text}" came before it`);
      continue;
    }
    const hider = Object.keys(routes).find((other) => hides(other, key.text));
    if (hider !== undefined) {
      const what = `was never reached, because "${hider}" came before it; here the more specific one wins, so these calls have this price now`;
      around.ledger.note(path, "money", what, "leave this route out to keep the other price");
    }
    routes[key.text] = carryRoute(fieldsOf(route), path, key.renamed, around);
  }
  return routes;
}

function carryRoute(route: Fields, path: string, renamed: Map<string, string>, around: Around): Fields {
  const { ledger, functions, asset, otherwise } = around;
  const { upstream, settlement, rateLimit, verificationCache, metadata } = route;
  for (const name of ["upstream", "settlement", "rateLimit", "verificationCache", "metadata"])
    ledger.carried(`${path}.${name}`);
  const accepts =
    route.accepts === undefined ? undefined : carryAccepts(route.accepts, `${path}.accepts`, ledger);
  const priced = carryRoutePrice(route, {
    path,
    asset: String(accepts?.[0]?.asset ?? asset),
    otherwise,
    ledger,
    functions,
  });
  const hooks = functions.hooks(route.hooks, `${path}.hooks`);
  const free = priced.price === "$0" && priced.match === undefined;
  return defined({
    upstream,
    path: carryPath(route.path, `${path}.path`, renamed, ledger),
    ...priced,
    ...carryPayTo(route.payTo, `${path}.payTo`, ledger),
    accepts,
    facilitator: carryFacilitator(route.facilitator, `${path}.facilitator`, ledger),
    settlement,
    timeout: free ? undefined : timeoutOf(settlement, String(upstream), hooks, around),
    rateLimit,
    verificationCache,
    metadata,
    hooks,
  });
}

/** Longer than the default where a payment would expire before it is settled. */
function timeoutOf(
  settlement: unknown,
  upstream: string,
  hooks: Fields | undefined,
  around: Around,
): number | undefined {
  const { timeout } = around.defaults;
  if (typeof timeout !== "number") return undefined;
  const after = settlement === "after-response";
  const hook = (hooks ?? around.hooks)?.onResponse ? HOOK : 0;
  const serving = after ? Math.ceil(Number(around.upstreams[upstream]?.timeout ?? 60)) + hook : 0;
  const least = serving + SETTLING;
  if (timeout >= least) return undefined;
  const what = `payments of some routes stay valid for ${least} seconds: in ${timeout} they could expire before they are settled`;
  around.ledger.note("defaults.timeout", "changed", what);
  return least;
}

function carryKey(
  written: string,
  path: string,
  ledger: Ledger,
): { text: string; renamed: Map<string, string> } | undefined {
  const [, verb = "", pattern = ""] = /^(\S+) (.*)$/.exec(written) ?? [];
  const method = verb.toUpperCase();
  if (!METHODS.has(method)) {
    const why = method === "HEAD" ? "HEAD follows GET here" : "is no method and path: it was never reached";
    ledger.note(path, "lost", why);
    return undefined;
  }
  const renamed = new Map<string, string>();
  const segments = pattern.split("/").filter((segment) => segment !== "");
  const shown = segments.map((segment) => {
    const name = segment.slice(1);
    if (!segment.startsWith(":") || /^[A-Za-z_]\w*$/.test(name)) return segment;
    renamed.set(name, name.replace(/\W/g, "_").replace(/^(?=\d)/, "_"));
    return `:${renamed.get(name)}`;
  });
  const text = `${method} /${shown.join("/")}`;
  if (text !== written) ledger.note(path, "changed", `is written "${text}" here`);
  if (segments.some((segment) => segment.includes("*"))) {
    const what = "the star was a character of the path there; here it stands for every path below";
    ledger.note(path, "money", what, "write %2A for the character, or see that all of it may be sold");
  }
  return { text, renamed };
}

/** True when every path of the second route is one of the first: there, the first one written won. */
function hides(first: string, second: string): boolean {
  const [a = [], b = []] = [first, second].map((key) => key.split(/[ /]+/));
  return a.length === b.length && a.every((part, i) => part === b[i] || part.startsWith(":"));
}

function carryPath(written: unknown, path: string, renamed: Map<string, string>, ledger: Ledger): unknown {
  if (typeof written !== "string") return written;
  ledger.carried(path);
  const [before = "", query] = written.split("?");
  if (query !== undefined) {
    const what = "the query of a path was thrown away for the client's, so it is left out";
    ledger.note(path, "changed", what, "write it again to replace the client's");
  }
  return before.replace(/\$\{params\.([^}]+)\}/g, (reference, name: string) => {
    const other = renamed.get(name);
    return other === undefined ? reference : `\${params.${other}}`;
  });
}
