/** The operations of descriptions as routes, and which of them are sold. */

import type { Compiled } from "../core/compiled.ts";
import { DISCOVERY_PATHS } from "../core/listing.ts";
import { deref, type Operation } from "../core/openapi.ts";
import type { Fault } from "./faults.ts";
import { makeLoserOf, readShape } from "./overlap.ts";
import type { RawConfig } from "./schema.ts";

const METHODS = ["get", "post", "put", "patch", "delete", "options"];

const NOT_A_PATH = "has a parameter that is only a part of its segment, or a query";
/** Longest key of a route, characters: it goes with every payment into the store, and names its counts there. */
const LONGEST_KEY = 1024;
const DISCOVERY = new Set<string>(DISCOVERY_PATHS);

/** An operation as a route. */
export type Found = { key: string; upstream: string; operation: Operation; fetched: boolean };

/** The configuration with the routes of descriptions in it. */
export type Chosen = {
  raw: RawConfig;
  /** Route → the operation that it sells, written here or not. */
  operations: Map<string, Operation>;
  /** Routes that only a description names; `fetched` ones may be left out. */
  own: Map<string, { upstream: string; fetched: boolean }>;
};

/** Whose operation a route sells; explicit routes first, then upstreams in the order of the configuration. */
export function choose(
  raw: RawConfig,
  found: Found[],
  without: ReadonlyMap<string, string>,
  faults: Fault[],
  leftOut: Compiled["leftOut"],
): Chosen {
  const routes = { ...raw.routes };
  const operations: Chosen["operations"] = new Map();
  const own: Chosen["own"] = new Map();
  const written = new Map(Object.keys(raw.routes).map((key) => [readShape(key), key]));
  const taken = new Map<string, string>();
  const fixed = [...Object.keys(raw.routes), ...found.flatMap((one) => (one.fetched ? [] : [one.key]))];
  const loserOf = makeLoserOf(fixed);
  for (const { key, upstream, operation, fetched } of found) {
    if (without.has(key) || (raw.gateway?.discovery !== false && DISCOVERY.has(operation.template))) continue;
    const shape = readShape(key);
    const explicit = written.get(shape) ?? written.get(shape.replace(/^\w+/, "*"));
    if (explicit !== undefined) {
      const { upstream: theirs, path } = raw.routes[explicit] ?? {};
      if (theirs === upstream && path === undefined && !explicit.startsWith("*"))
        operations.set(explicit, operation);
      continue;
    }
    const twin = taken.get(shape);
    const loser = fetched ? loserOf(shape) : undefined;
    const problem =
      unfit(key) ??
      (twin && `matches the same calls as "${twin}"`) ??
      (loser && `would take calls from "${loser}"`);
    if (problem) {
      const fix = "write a route for it, or mark it as x-internal";
      if (fetched) leftOut.push({ operation: key, reason: problem });
      else faults.push({ path: `upstreams.${upstream}.openapi.${key}`, message: problem, fix });
      continue;
    }
    taken.set(shape, key);
    own.set(key, { upstream, fetched });
    operations.set(key, operation);
    const { defaultPrice } = raw.upstreams[upstream] ?? {};
    routes[key] = { upstream, ...(defaultPrice === undefined ? {} : { price: defaultPrice }) };
  }
  return { raw: { ...raw, routes }, operations, own };
}

function unfit(key: string): string | undefined {
  if (key.length > LONGEST_KEY) return `is longer than ${LONGEST_KEY} characters`;
  return /[{}?]/.test(key) ? NOT_A_PATH : undefined;
}

/** Every operation that a description names; none of those that it marks as internal. */
export function operationsOf(upstream: string, document: Operation["document"], fetched: boolean): Found[] {
  return Object.keys(document.paths).flatMap((template) => {
    const item = deref(document, document.paths[template]);
    if (!item || !template.startsWith("/")) return [];
    return METHODS.flatMap((method) => {
      const said = deref(document, item[method]);
      if (!said || said["x-internal"] === true || item["x-internal"] === true) return [];
      const key = `${method.toUpperCase()} ${patternOf(template)}`;
      return [{ key, upstream, operation: { document, template, method }, fetched }];
    });
  });
}

/** `/pets/{pet-id}` as `/pets/:pet_id`. What is no parameter by itself stays as it is, and is refused as any path would be. */
function patternOf(template: string): string {
  const names = new Set<string>();
  const segments = template.split("/").map((segment) => {
    const [, name] = /^\{([^{}]+)\}$/.exec(segment) ?? [];
    if (name === undefined) return segment;
    let param = name.replace(/\W/g, "_").replace(/^(?=\d)/, "_");
    while (names.has(param)) param += "_";
    names.add(param);
    return `:${param}`;
  });
  return segments.join("/");
}

/** Faults of routes that nobody has written: those that were fetched are left out, the others are the description's. */
export function sortFaults({ own }: Chosen, all: Fault[]): { faults: Fault[]; unsold: Map<string, string> } {
  const faults: Fault[] = [];
  const unsold = new Map<string, string>();
  for (const fault of all) {
    const key = namesIn(fault.path).find((name) => own.has(name));
    const of = key === undefined ? undefined : own.get(key);
    if (key === undefined || !of) faults.push(fault);
    else if (of.fetched) unsold.set(key, fault.message);
    else
      faults.push({
        ...fault,
        path: `upstreams.${of.upstream}.openapi.${fault.path.slice("routes.".length)}`,
      });
  }
  return { faults, unsold };
}

/** What a fault's path may say of a route: its key may have dots in it. */
function namesIn(path: string): string[] {
  if (!path.startsWith("routes.")) return [];
  const parts = path.slice("routes.".length).split(".");
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
}
