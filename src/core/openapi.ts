/** Descriptions of upstreams' APIs (OpenAPI 3.0 and 3.1), as far as more than one room reads them. They are foreign input. */

/** A JSON object. */
export type Json = Record<string, unknown>;

/** A description that was checked: bounded, and without references that lead out of it. */
export type ApiDocument = Json & { paths: Json };

/** An operation, by where it is in its document: as the template of the path is written there, the method in lower case. */
export type Operation = { document: ApiDocument; template: string; method: string };

/** More references in a row lead nowhere. */
const MOST_HOPS = 16;

/** True for a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a reference within the document leads to (RFC 6901); undefined where there is nothing. */
export function lookUp(document: ApiDocument, ref: string): unknown {
  if (!ref.startsWith("#/")) return undefined;
  const names = ref.slice(2).split("/");
  return names.reduce<unknown>((at, name) => {
    const key = decode(name).replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
  }, document);
}

/** The object itself, where a reference may stand for it; undefined when it is none, or the references go in a circle. */
export function deref(document: ApiDocument, value: unknown): Json | undefined {
  let at = value;
  for (let hops = 0; hops < MOST_HOPS; hops++) {
    if (!isJson(at)) return undefined;
    if (typeof at.$ref !== "string") return at;
    at = lookUp(document, at.$ref);
  }
  return undefined;
}

/** The parameters of an operation: its own, and those of its path that it does not say anew. */
export function parametersOf({ document, template, method }: Operation): Json[] {
  const item = deref(document, document.paths[template]);
  const written = [item?.parameters, deref(document, item?.[method])?.parameters];
  const found = new Map<string, Json>();
  for (const one of written.flatMap((list) => (Array.isArray(list) ? list : []))) {
    const parameter = deref(document, one);
    if (parameter) found.set(`${parameter.in} ${parameter.name}`, parameter);
  }
  return [...found.values()];
}

/** The operation itself. */
export function operationOf({ document, template, method }: Operation): Json {
  return deref(document, deref(document, document.paths[template])?.[method]) ?? {};
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A schema of 3.0 as 3.1 says it; what is no schema has none of these members. */
export function lift({ openapi }: ApiDocument, written: Json): Json {
  if (!String(openapi).startsWith("3.0")) return written;
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...schema } = written;
  const { minimum, maximum, ...rest } = schema;
  const lower =
    exclusiveMinimum === true
      ? { exclusiveMinimum: minimum }
      : { minimum, exclusiveMinimum: numberOf(exclusiveMinimum) };
  const upper =
    exclusiveMaximum === true
      ? { exclusiveMaximum: maximum }
      : { maximum, exclusiveMaximum: numberOf(exclusiveMaximum) };
  const bounds = Object.entries({ ...lower, ...upper }).filter(([, bound]) => bound !== undefined);
  const lifted = { ...rest, ...Object.fromEntries(bounds) };
  if (nullable !== true) return lifted;
  const { type, enum: values } = schema;
  if (typeof type !== "string") return { anyOf: [lifted, { type: "null" }] };
  const all = Array.isArray(values) && !values.includes(null) ? { enum: [...values, null] } : {};
  return { ...lifted, type: [type, "null"], ...all };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
