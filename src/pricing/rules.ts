/**
 * Price rules: the first one whose conditions all hold. Strings are globs, whatever the case, since upstreams that fold
 * case would serve `GPT-4` as `gpt-4`. Every value that any rule looks at is checked before the first one is tried, so that
 * what is wrong with a request does not depend on the order of the rules.
 */
import { isMatch } from "matcher";
import type { Condition, PriceRule, Pricing } from "../core/pricing.ts";
import { type Facts, valuesOf } from "./facts.ts";

type Value = string | number | boolean;

/** The first rule that fits. @throws GatewayError `body_not_priceable`, `query_ambiguous` */
export function firstFit({ reads, rules }: Pricing, facts: Facts): PriceRule | undefined {
  const values = reads.map((read) => valuesOf(read, facts));
  return rules.find(({ where }) =>
    where.every(({ read, equals }) => values[read]?.some((value) => holds(equals, value))),
  );
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
