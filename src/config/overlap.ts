/** Which of two routes a call goes to that both of them match. */
import { shapeOf } from "./paths.ts";

/** Method and shape of a route's key; the key itself where its path cannot be read, which is a fault elsewhere. */
export function readShape(key: string): string {
  const [method = "", pattern = ""] = key.split(" ");
  try {
    return `${method} ${shapeOf(pattern)}`;
  } catch {
    return key;
  }
}

/**
 * Which of these routes would lose calls to a route of some shape. What is fetched must not do that: who can change it would
 * set another price for them, or have them for himself; and instances that have not seen it yet would sell something else.
 */
export function makeLoserOf(keys: string[]): (shape: string) => string | undefined {
  const wide = keys.filter((key) => /[:*]/.test(key)).map((key) => ({ key, ...partsOf(readShape(key)) }));
  return (shape) => {
    const { method, segments } = partsOf(shape);
    return wide.find(
      (one) => (one.method === method || one.method === "*") && takesFrom(segments, one.segments),
    )?.key;
  };
}

function partsOf(shape: string): { method: string; segments: string[] } {
  const at = shape.indexOf(" ");
  return { method: shape.slice(0, at), segments: shape.slice(at + 1).split("/") };
}

/**
 * True when the first one would be given calls that the second one matches: segment by segment, left to right, a literal
 * goes before a parameter and both go before `*`, as in the tree of routes.
 */
function takesFrom(own: string[], other: string[]): boolean {
  let goesBefore: boolean | undefined;
  for (let i = 0; i < Math.max(own.length, other.length); i += 1) {
    const [a, b] = [own[i], other[i]];
    if (a === undefined || b === undefined) return false;
    if (a === "*") return goesBefore ?? false;
    if (b === "*") return goesBefore ?? true;
    if (a === b) continue;
    const isCommon = (a === ":" && b !== "") || (b === ":" && a !== "");
    if (!isCommon) return false;
    goesBefore ??= b === ":";
  }
  return goesBefore ?? false;
}
