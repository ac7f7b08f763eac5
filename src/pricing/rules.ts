/**
 * Price rules: the first one whose conditions all hold. Strings are globs, whatever the case, since upstreams that fold
 * case would serve `GPT-4` as `gpt-4`. Every value that any rule looks at is checked before the first one is tried, so that
 * what is wrong with a request does not depend on the order of the rules.
 */
import { isMatch } from "matcher";
import { GatewayError } from "../core/errors.ts";
import type { Condition, PriceRule, Pricing } from "../core/pricing.ts";
import { type Facts, valuesOf } from "./facts.ts";

/** Characters that may be compared for one call, and how many of them a value counts for. */
const MOST_WORK = 20_000_000;
const PER_VALUE = 50;

type Value = string | number | boolean;

/**
 * The rules that may fit, in order; none behind one that is `sure` to. There are several only where a header is a list: its
 * readers differ in which element they heed.
 * @throws GatewayError `body_not_priceable`, `query_ambiguous`
 */
export function fitting({ reads, rules }: Pricing, facts: Facts): { rules: PriceRule[]; sure: boolean } {
  const values = reads.map((read) => valuesOf(read, facts));
  checkWork(values, rules);
  const hold = ({ read, equals }: Condition, every: boolean) => {
    const seen = values[read] ?? [];
    const isNot = typeof equals === "string" && equals.startsWith("!");
    const all = reads[read]?.from === "headers" ? every : isNot;
    return seen.length > 0 && (all ? seen.every(is) : seen.some(is));
    function is(value: Value) {
      return holds(equals, value);
    }
  };
  const may: PriceRule[] = [];
  for (const rule of rules) {
    if (!rule.where.every((condition) => hold(condition, false))) continue;
    may.push(rule);
    if (rule.where.every((condition) => hold(condition, true))) return { rules: may, sure: true };
  }
  return { rules: may, sure: false };
}

/** Nobody has paid yet: a body made of values must not keep the gateway comparing. @throws GatewayError `body_not_priceable` */
function checkWork(values: Value[][], rules: PriceRule[]): void {
  const sizes = values.map((seen) =>
    seen.reduce<number>((sum, one) => sum + PER_VALUE + String(one).length, 0),
  );
  const work = rules.flatMap(({ where }) => where).reduce((sum, { read }) => sum + (sizes[read] ?? 0), 0);
  if (work > MOST_WORK)
    throw new GatewayError("body_not_priceable", { detail: "It is too much to compare." });
}

/** What comes as text, in queries and headers, is compared as what the rule says it is. */
function holds(equals: Condition["equals"], value: Value): boolean {
  if (typeof equals === "string") {
    return isMatch(String(value), equals, { caseSensitive: false });
  }
  if (typeof value !== "string") return value === equals;
  if (typeof equals === "boolean") return value.toLowerCase() === String(equals);
  return value.trim() !== "" && Number(value) === equals;
}
