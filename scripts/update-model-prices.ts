/**
 * Writes `src/core/model-prices.ts` from a copy of LiteLLM's `model_prices_and_context_window.json`:
 * `update-model-prices.ts FILE.json YYYY-MM-DD`. Prices are read as the text they are, never as floats.
 */
import { readFile, writeFile } from "node:fs/promises";

const OUT = "src/core/model-prices.ts";
const SOURCE = "BerriAI/litellm, model_prices_and_context_window.json";
/** How a source calls the models of a provider → the models, by the name that a request has for them. */
const MODELS: Record<string, string> = {
  "": `gpt-5.6 gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5 gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.3-codex gpt-5.2
    gpt-5.1 gpt-5 gpt-5-mini gpt-5-nano gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o gpt-4o-mini
    o3 o4-mini text-embedding-3-small text-embedding-3-large
    claude-fable-5 claude-opus-5 claude-sonnet-5 claude-opus-4-8 claude-opus-4-7 claude-opus-4-6 claude-opus-4-5
    claude-opus-4-5-20251101 claude-opus-4-1 claude-sonnet-4-6 claude-sonnet-4-5 claude-sonnet-4-5-20250929
    claude-haiku-4-5 claude-haiku-4-5-20251001
    deepseek-chat deepseek-reasoner deepseek-v4-flash deepseek-v4-pro`,
  "gemini/": `gemini-3.6-flash gemini-3.5-flash gemini-3.5-flash-lite gemini-3.1-pro-preview gemini-3.1-flash-lite
    gemini-3-flash-preview gemini-2.5-pro gemini-2.5-flash gemini-2.5-flash-lite`,
  "mistral/": `mistral-large-latest mistral-large-2512 mistral-medium-latest mistral-medium-2604 mistral-small-latest
    codestral-2508 devstral-2512`,
  "xai/": "grok-4.5 grok-4.3 grok-4-1-fast-reasoning grok-4-1-fast-non-reasoning grok-code-fast-1",
  "groq/": `llama-3.3-70b-versatile llama-3.1-8b-instant meta-llama/llama-4-maverick-17b-128e-instruct
    meta-llama/llama-4-scout-17b-16e-instruct openai/gpt-oss-120b openai/gpt-oss-20b`,
};
const FIELDS = [
  "input_cost_per_token",
  "output_cost_per_token",
  "cache_read_input_token_cost",
  "cache_creation_input_token_cost",
];

type Prices = Record<string, Record<string, unknown>>;

const [, , path = "", date = ""] = process.argv;
const asText = (_: string, value: unknown, context?: { source: string }) =>
  typeof value === "number" ? context?.source : value;
const prices: Prices = JSON.parse(await readFile(path, "utf8"), asText);

/** `"1.25e-06"` a token as dollars per million tokens, `"1.25"`. */
function perMillion(price: string): string {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(price) ?? [];
  if (whole === "") throw new Error(`"${price}" is not a price`);
  const point = whole.length + Number(exponent) + 6;
  const digits = (whole + fraction).padEnd(point, "0").padStart(whole.length + fraction.length - point, "0");
  const at = Math.max(point, 0);
  const text = `${digits.slice(0, at)}.${digits.slice(at)}`;
  return text
    .replace(/^0+(?=\d)/, "")
    .replace(/^\./, "0.")
    .replace(/\.?0*$/, "");
}

function lineOf(name: string, key: string): string {
  const texts = FIELDS.map((field, i) => {
    const price = prices[key]?.[field];
    if (typeof price === "string") return perMillion(price);
    if (i < 2) throw new Error(`${key} has no ${field}`);
    return "-";
  });
  // A cache that is free to write says so by a zero here; it is charged as input where an answer reports it all the same.
  while (texts.length > 2 && /^[-0]$/.test(texts.at(-1) ?? "")) texts.pop();
  return `${name} ${texts.join(" ")}`;
}

const lines = Object.entries(MODELS).flatMap(([prefix, names]) =>
  names.split(/\s+/).map((name) => lineOf(name, prefix + name)),
);
await writeFile(
  OUT,
  `/**
 * What models cost, as of ${date}: US dollars for a million tokens of input, output, input read from a cache, and
 * input written to one; a cache price that is missing or "-" is that of the input. Prices for short prompts.
 * Source: ${SOURCE}; open models by what Groq takes for them.
 * Written by \`scripts/update-model-prices.ts\`.
 */
export const MODEL_PRICES = \`
${lines.join("\n")}
\`;
`,
);
