/**
 * Prices by model. A name that comes from the client is looked up among the seller's own prices, then in the built-in
 * table, whose prices for tokens are taken for a call of the size that the configuration assumes.
 */
import { GatewayError } from "../core/errors.ts";
import { overrideOf, priceOfModel } from "../core/models.ts";
import { roundUp } from "../core/money.ts";
import type { ModelPrices, Price, Read } from "../core/pricing.ts";
import { type Facts, valuesOf } from "./facts.ts";

const MODEL: Read = { from: "body", path: ["model"], types: new Set(["string"]) };
/** Longest name that is looked up. */
const LONGEST_NAME = 256;

/** The model that a call asks for, if it names one. @throws GatewayError `body_not_priceable` */
export function modelOf(facts: Facts): string | undefined {
  const [model] = valuesOf(MODEL, facts);
  if (model !== undefined && typeof model !== "string") {
    throw new GatewayError("body_not_priceable", { detail: "model must be a string." });
  }
  return model?.slice(0, LONGEST_NAME);
}

/** What a call of that model costs; undefined for a model without a price. `decimals`: of the least divisible token. */
export function priceOf(model: string, { own, assumed }: ModelPrices, decimals: number): Price | undefined {
  const written = overrideOf(model, own);
  if (written) return written;
  const rates = priceOfModel(model, {});
  if (!rates) return undefined;
  const { input, output } = rates;
  const scale = Math.max(input.scale, output.scale);
  const digits =
    BigInt(assumed.input) * input.digits * 10n ** BigInt(scale - input.scale) +
    BigInt(assumed.output) * output.digits * 10n ** BigInt(scale - output.scale);
  // A model is free because the seller says so, not because nothing of what it charges for was assumed.
  if (digits === 0n) return undefined;
  // The table's prices are for a million.
  return { amount: roundUp({ digits, scale: scale + 6 }, decimals) };
}
