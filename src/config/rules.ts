/** Price rules of a route: what they look at is named once, so that every rule finds it read and checked. */
import type { Condition, PriceRule, Read } from "../core/pricing.ts";
import type { Offer } from "../core/route.ts";
import { type Fault, suggest } from "./faults.ts";
import { checkPayTo } from "./pay-to.ts";
import { checkPrice } from "./price.ts";
import type { RawConfig } from "./schema.ts";

const PARTS = ["body", "query", "headers", "params"] as const;
/** `body.items[0].kind` is `body.items.0.kind`. */
const INDEX = /\[(\d+|\*)\]/g;
const HEADER = /^[!#$%&'*+\-.^_`|~\w]+$/;

/** The rules, and what they read. */
export function compileRules(
  { match = [] }: RawConfig["routes"][string],
  key: string,
  offers: Offer[],
  faults: Fault[],
): { rules: PriceRule[]; reads: Read[] } {
  const reads = new Map<string, Read>();
  const rules: PriceRule[] = [];
  for (const [i, { where, price: written, payTo }] of match.entries()) {
    const path = `routes.${key}.match[${i}]`;
    const entries = Object.entries(where);
    if (entries.length === 0) {
      const fix = "name a condition, or write the price as fallback";
      faults.push({ path: `${path}.where`, message: "fits every call", fix });
    }
    const conditions = entries.flatMap(([name, equals]) => {
      const read = readOf(name, key, `${path}.where.${name}`, faults);
      return read ? [toCondition(read, equals, reads)] : [];
    });
    const price = checkPrice(written, `${path}.price`, offers, faults);
    const receivers = checkPayTo(payTo, `${path}.payTo`, offers, faults);
    if (price?.amount.digits === 0n && payTo !== undefined) {
      const message = "nobody receives anything: the price is nothing";
      faults.push({ path: `${path}.payTo`, message, fix: "leave it out" });
    }
    if (price) rules.push({ where: conditions, price, payTo: receivers });
  }
  return { rules, reads: [...reads.values()] };
}

function toCondition(
  { from, path }: Omit<Read, "types">,
  equals: Condition["equals"],
  reads: Map<string, Read>,
): Condition {
  const name = JSON.stringify([from, path]);
  const read = reads.get(name) ?? { from, path, types: new Set() };
  reads.set(name, read);
  read.types.add(typeof equals as "string" | "number" | "boolean");
  return { read: [...reads.keys()].indexOf(name), equals };
}

function readOf(name: string, key: string, at: string, faults: Fault[]): Omit<Read, "types"> | undefined {
  const [part = "", ...path] = name.replace(INDEX, ".$1").split(".");
  const from = PARTS.find((known) => known === part);
  const fault = (message: string, fix: string | undefined) => {
    faults.push({ path: at, message, ...(fix === undefined ? {} : { fix }) });
    return undefined;
  };
  if (!from) return fault(`unknown part "${part}"`, suggest(part, [...PARTS]) ?? `use ${PARTS.join(", ")}`);
  if (path.length === 0 || path.includes("")) return fault("names nothing", 'write it like "body.model"');
  const [method = "", pattern = ""] = key.split(" ");
  if (from === "body") {
    if (method === "GET") return fault("GET calls have no body", "look at query.* or params.*");
    return { from, path };
  }
  // Only JSON is nested: elsewhere the dots are part of the name.
  const flat = name.slice(part.length + 1);
  if (from === "headers") {
    return HEADER.test(flat)
      ? { from, path: [flat.toLowerCase()] }
      : fault(`"${flat}" is not the name of a header`, undefined);
  }
  if (from === "params") {
    const params = pattern
      .split("/")
      .flatMap((segment) => (segment === "*" ? ["*"] : segment.startsWith(":") ? [segment.slice(1)] : []));
    if (!params.includes(flat)) return fault(`the route has no parameter "${flat}"`, suggest(flat, params));
  }
  return { from, path: [flat] };
}
