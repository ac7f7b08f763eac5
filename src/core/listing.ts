/** What is told of a route to whoever looks for something to buy. */
import {
  deref,
  isJson,
  type Json,
  lift,
  lookUp,
  type Operation,
  operationOf,
  parametersOf,
} from "./openapi.ts";

/** What the gateway calls itself where it shows what it sells; its host unless given. */
export type Discovery = { title: string | undefined; description: string | undefined };

/** Where that is. A route that is written for one of these takes its place. */
export const DISCOVERY_PATHS = ["/.well-known/x402", "/.well-known/openapi.json", "/llms.txt"] as const;

/** As configured, or as the upstream's own description says it. */
export type Listing = {
  summary?: string | undefined;
  description?: string | undefined;
  /** Of the answer. */
  mimeType?: string | undefined;
  /** Of the service, as catalogues show it. */
  serviceName?: string | undefined;
  iconUrl?: string | undefined;
  tags?: string[] | undefined;
  /** An example of the query, or of the body where there is one. */
  input?: Json | undefined;
  /** JSON Schema of the same. */
  inputSchema?: Json | undefined;
  /** JSON Schema of the path parameters. */
  pathParamsSchema?: Json | undefined;
  bodyType?: "json" | "form-data" | "text" | undefined;
  output?: { example?: unknown; schema?: Json | undefined } | undefined;
};

/** Longest media type. */
const MOST_TYPE = 100;
/** Most values in a schema that is told outside its document. */
const MOST_VALUES = 250;

const BODY_TYPES = [
  ["application/json", "json"],
  ["multipart/form-data", "form-data"],
  ["application/x-www-form-urlencoded", "form-data"],
  ["text/plain", "text"],
] as const;

/** What an operation says of itself. */
export function listingOf(operation: Operation): Listing {
  const { document } = operation;
  const said = operationOf(operation);
  const query = schemaOf(operation, "query");
  const body = deref(document, said.requestBody);
  const [type, bodyType] =
    BODY_TYPES.find(([name]) => isJson(body?.content) && isJson(body.content[name])) ?? [];
  const content = type && isJson(body?.content) ? deref(document, body.content[type]) : undefined;
  const answer = answerOf(operation, said);
  return {
    summary: textOf(said.summary),
    description: textOf(said.description),
    mimeType: answer?.type,
    tags: Array.isArray(said.tags) ? said.tags.filter(isTag) : undefined,
    ...(bodyType ? { bodyType, input: objectOf(exampleOf(operation, content)) } : {}),
    inputSchema: bodyType ? inline(operation, content?.schema) : query,
    pathParamsSchema: schemaOf(operation, "path"),
    output: answer && {
      example: exampleOf(operation, answer.content),
      schema: inline(operation, answer.content.schema),
    },
  };
}

/** As catalogues take them. */
function isTag(tag: unknown): tag is string {
  return typeof tag === "string" && /^[\x20-\x7e]{1,32}$/.test(tag);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function objectOf(value: unknown): Json | undefined {
  return isJson(value) ? value : undefined;
}

/** The first success that has a body. */
function answerOf({ document }: Operation, { responses }: Json): { type: string; content: Json } | undefined {
  if (!isJson(responses)) return undefined;
  const status = Object.keys(responses).find((code) => /^2(?:\d\d|XX)$/i.test(code));
  const content = status && deref(document, responses[status])?.content;
  if (!isJson(content)) return undefined;
  const type = "application/json" in content ? "application/json" : Object.keys(content)[0];
  const found = type && deref(document, content[type]);
  return found && type.length <= MOST_TYPE ? { type, content: found } : undefined;
}

/** The parameters of one kind as the schema of an object. */
function schemaOf(operation: Operation, kind: "query" | "path"): Json | undefined {
  const own = parametersOf(operation).filter((one) => one.in === kind && typeof one.name === "string");
  if (own.length === 0) return undefined;
  const required = own.filter((one) => one.required === true).map(({ name }) => name);
  const properties = own.map(({ name, schema }) => [name, inline(operation, schema) ?? {}]);
  return {
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && kind === "query" ? { required } : {}),
  };
}

function exampleOf(operation: Operation, content: Json | undefined): unknown {
  const first = isJson(content?.examples) ? Object.values(content.examples)[0] : undefined;
  const example = content?.example ?? deref(operation.document, first)?.value;
  return example ?? deref(operation.document, content?.schema)?.example;
}

/** The schema with what its references stand for; undefined where that has no end, or is too much to be told. */
function inline({ document }: Operation, schema: unknown): Json | undefined {
  let left = MOST_VALUES;
  const copy = (value: unknown, within: string[]): unknown => {
    if (--left < 0) throw new RangeError("too much");
    if (Array.isArray(value)) return value.map((item) => copy(item, within));
    if (!isJson(value)) return value;
    if (typeof value.$ref !== "string") {
      const entries = Object.entries(value).map(([key, item]) => [key, copy(item, within)]);
      return lift(document, Object.fromEntries(entries));
    }
    if (within.includes(value.$ref)) throw new RangeError("a circle");
    return copy(lookUp(document, value.$ref) ?? {}, [...within, value.$ref]);
  };
  try {
    return objectOf(copy(schema, []));
  } catch {
    return undefined;
  }
}
