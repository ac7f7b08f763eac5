/** Prices by model: those that are written, and the size of call that the built-in table is taken for. */
import type { ModelPrices } from "../core/pricing.ts";
import type { Offer } from "../core/route.ts";
import type { Fault } from "./faults.ts";
import { checkPrice } from "./price.ts";
import type { RawConfig } from "./schema.ts";

/** Tokens of input, and of output. */
const ASSUMED = 1000;

/** A token-based route's prices; undefined where a route is none. */
export function checkModels(
  { type, models = {}, assumedTokens }: RawConfig["routes"][string],
  key: string,
  offers: Offer[],
  faults: Fault[],
): ModelPrices | undefined {
  if (type === undefined) return undefined;
  const path = `routes.${key}`;
  if (key.startsWith("GET ")) {
    const message = "reads the model from the body, and GET calls have none";
    faults.push({ path: `${path}.type`, message, fix: "use POST" });
  }
  const own = Object.entries(models).flatMap(([name, text]) => {
    const price = checkPrice(text, `${path}.models.${name}`, offers, faults);
    return price ? [[name, price] as const] : [];
  });
  return {
    own: Object.fromEntries(own),
    assumed: { input: assumedTokens?.input ?? ASSUMED, output: assumedTokens?.output ?? ASSUMED },
  };
}
