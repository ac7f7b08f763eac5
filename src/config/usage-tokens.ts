/** Rates of tokens: the same for every model, or by model. */
import type { Decimal } from "../core/money.ts";
import type { TokenRates, Usage } from "../core/usage.ts";
import type { Fault } from "./faults.ts";
import type { RawUsage } from "./usage-schema.ts";

type RawTokens = NonNullable<RawUsage["tokens"]>;
type RawRates = {
  input: string;
  output: string;
  cacheRead?: string | undefined;
  cacheWrite?: string | undefined;
};

/** Reads a price at a path; zero with a fault. */
export type ReadPrice = (text: string, path: string) => Decimal;

/** So many tokens a rate is for when that was not said. */
export const TOKENS_PER = 1_000_000;

/** A model's name, or a glob. A leading "!" would turn the glob around. */
const MODEL_NAME = /^[^!\s]\S{0,255}$/;

/** What tokens cost. */
export function checkTokens(
  { models, per = TOKENS_PER, ...rates }: RawTokens,
  path: string,
  price: ReadPrice,
  faults: Fault[],
): Usage["tokens"] {
  const read = (written: RawRates, at: string): TokenRates => {
    const input = price(written.input, `${at}.input`);
    const cached = (name: "cacheRead" | "cacheWrite") =>
      written[name] === undefined ? input : price(written[name], `${at}.${name}`);
    const output = price(written.output, `${at}.output`);
    return {
      input,
      output,
      cacheRead: cached("cacheRead"),
      cacheWrite: cached("cacheWrite"),
      per: BigInt(per),
    };
  };
  const { input, output } = rates;
  const flat = Object.values(rates).some((rate) => rate !== undefined);
  if (flat && models) {
    const message = "has rates for every model, and rates by model";
    faults.push({ path, message, fix: 'write the first as models: { "*": { input, output } }' });
  }
  if (flat && (input === undefined || output === undefined)) {
    faults.push({
      path,
      message: "needs both input and output",
      fix: 'write { input: "$3", output: "$15" }',
    });
  }
  if (input !== undefined && output !== undefined) return { rates: read({ ...rates, input, output }, path) };
  for (const name of Object.keys(models ?? {})) {
    if (MODEL_NAME.test(name)) continue;
    const fix = 'write the model\'s name, or a glob like "gpt-5*"';
    faults.push({ path: `${path}.models.${name}`, message: "is not a model's name", fix });
  }
  const entries = Object.entries(models ?? {});
  return {
    models: Object.fromEntries(entries.map(([name, own]) => [name, read(own, `${path}.models.${name}`)])),
  };
}
