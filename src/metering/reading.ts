/**
 * What an answer says of the tokens it took, by the public shapes of OpenAI (chat completions, legacy completions,
 * embeddings, responses) and Anthropic (messages), whole or as events of a stream. Counts of a stream are cumulative, so
 * the largest of each counts. Nothing that comes from an upstream is taken for a number unless it is a count.
 */

type Field = "input" | "output" | "cached" | "cacheRead" | "cacheWrite";

/** What was read so far. */
export type Reading = {
  counts: Partial<Record<Field, number>>;
  /** The model as the answer names it. */
  model: string | undefined;
  /** Something was there that is not a count, or was too long to be looked at. */
  broken: boolean;
  /** The last word on usage was heard: no estimate is needed. */
  final: boolean;
};

/** Tokens by what they cost. */
export type Tokens = { input: number; output: number; cacheRead: number; cacheWrite: number };

/** OpenAI's chat and legacy completions: `cached` is part of `input`. */
const COMPLETIONS = {
  input: ["prompt_tokens"],
  output: ["completion_tokens"],
  cached: ["prompt_tokens_details", "cached_tokens"],
};
/** OpenAI's responses, of whose `input` `cached` is a part, and Anthropic's messages, whose cache fields are not. */
const MESSAGES = {
  input: ["input_tokens"],
  output: ["output_tokens"],
  cached: ["input_tokens_details", "cached_tokens"],
  cacheRead: ["cache_read_input_tokens"],
  cacheWrite: ["cache_creation_input_tokens"],
};
const LAST_OF_RESPONSES = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** Before anything was read. */
export function nothingRead(): Reading {
  return { counts: {}, model: undefined, broken: false, final: false };
}

/** Notes what one JSON value says: an answer, or an event of one. */
export function read(reading: Reading, value: unknown): void {
  // At the top, in `response` of OpenAI's response events, in `message` of Anthropic's `message_start`.
  for (const holder of [value, at(value, "response"), at(value, "message")]) {
    const [model, usage] = [at(holder, "model"), at(holder, "usage")];
    if (typeof model === "string") reading.model = model;
    if (usage === undefined || usage === null) continue;
    if (typeof usage !== "object") reading.broken = true;
    readCounts(reading, usage);
    if (isLast(value)) reading.final = true;
  }
}

/** The tokens; undefined when the counts do not say enough or contradict each other. */
export function tokensOf({
  input,
  output = 0,
  cached = 0,
  ...counts
}: Reading["counts"]): Tokens | undefined {
  if (input === undefined || cached > input) return undefined;
  const { cacheRead = 0, cacheWrite = 0 } = counts;
  return { input: input - cached, output, cacheRead: cacheRead + cached, cacheWrite };
}

function readCounts(reading: Reading, usage: unknown): void {
  const isCompletion = [COMPLETIONS.input, COMPLETIONS.output].some((path) => at(usage, ...path) != null);
  for (const [field, path] of Object.entries(isCompletion ? COMPLETIONS : MESSAGES)) {
    const count = at(usage, ...path);
    if (count === undefined || count === null) continue;
    if (isCount(count)) reading.counts[field as Field] = Math.max(count, reading.counts[field as Field] ?? 0);
    else reading.broken = true;
  }
}

/** True for the event of a stream after which usage does not change. */
function isLast(event: unknown): boolean {
  const [type, choices] = [at(event, "type"), at(event, "choices")];
  if (type === "message_delta") return typeof at(event, "delta", "stop_reason") === "string";
  if (LAST_OF_RESPONSES.has(String(type))) return true;
  // Chat: a last chunk without choices, or, as some do it, the one that ends them.
  return Array.isArray(choices) && choices.every((choice) => typeof at(choice, "finish_reason") === "string");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** What is at a path; undefined where there is nothing. */
function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}
