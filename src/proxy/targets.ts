/** Which target a call goes to, and its URL there. */
import type { Call } from "../core/call.ts";
import type { Target, Upstream } from "../core/upstream.ts";

/**
 * A target by weight: one that is not out and was not tried, else one that was not tried, else one that is not out. When
 * all are out, all are in: what is left of them is better than nothing.
 * @param chance from 0 to less than 1
 */
export function chooseTarget(
  { targets }: Pick<Upstream, "targets">,
  out: Call["out"],
  tried: ReadonlySet<Target>,
  chance: number,
): Target {
  const isIn = ({ id }: Target) => !out?.has(id);
  const isNew = (target: Target) => !tried.has(target);
  const wishes = [(target: Target) => isIn(target) && isNew(target), isNew, isIn];
  const choices = wishes.map((wish) => targets.filter(wish)).find(({ length }) => length > 0) ?? targets;
  let left = chance * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const target of choices) {
    left -= target.weight;
    if (left < 0) return target;
  }
  return choices[0] ?? targets[0];
}

/** The call's URL at a target. */
export function urlAt({ base }: Target, { target, route }: Pick<Call, "target" | "route">): URL {
  const { base: first } = route.upstream;
  if (base.href === first.href) return target;
  const url = new URL(base);
  url.pathname = prefixOf(base) + target.pathname.slice(prefixOf(first).length);
  url.search = target.search;
  return url;
}

function prefixOf(base: URL): string {
  return base.pathname.replace(/\/$/, "");
}
