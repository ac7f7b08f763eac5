/**
 * Looks through a description of an API before anything is done with it. It may come from anywhere: what it may hold is
 * bounded, so that nobody who reads it later needs bounds of his own, and whatever leads out of it is refused.
 */
import { type ApiDocument, isJson } from "../core/openapi.ts";

/** Most of a document: values and characters together, which is about its bytes as JSON. */
const MOST_BYTES = 2_000_000;
const MOST_DEPTH = 64;
const MOST_PATHS = 2000;
const MOST_TEXT = 100_000;

/** Keys that are not data to every reader. */
const TREACHEROUS = new Set(["__proto__", "constructor", "prototype"]);

/** The document, or why it cannot be used. Walks no further than its bounds, also through an object that holds itself. */
export function checkDocument(value: unknown): ApiDocument | string {
  if (!isJson(value)) return "is not a JSON object";
  const { openapi, swagger, paths = {} } = value;
  if (typeof swagger === "string") return `is Swagger ${swagger.slice(0, 9)}: convert it to OpenAPI 3`;
  if (typeof openapi !== "string" || !/^3\.[01](?:\.\d+)?$/.test(openapi)) {
    return `is not OpenAPI 3.0 or 3.1, but "${String(openapi).slice(0, 20)}"`;
  }
  if (!isJson(paths)) return "has paths that are no object";
  if (Object.keys(paths).length > MOST_PATHS) return `has more than ${MOST_PATHS} paths`;
  const problem = walk(value);
  return problem ?? { ...value, paths };
}

function walk(root: unknown): string | undefined {
  let left = MOST_BYTES;
  const visit = (value: unknown, depth: number): string | undefined => {
    left -= typeof value === "string" ? value.length + 3 : 2;
    if (left < 0) return `is more than ${MOST_BYTES} bytes`;
    if (depth > MOST_DEPTH) return `is nested more than ${MOST_DEPTH} deep, or holds itself`;
    if (typeof value === "string" && value.length > MOST_TEXT) return `has a text of more than ${MOST_TEXT}`;
    if (typeof value !== "object" || value === null) return undefined;
    for (const [key, item] of Object.entries(value)) {
      left -= key.length + 3;
      if (TREACHEROUS.has(key)) return `has a key "${key}"`;
      const leaves = (key === "$ref" || key === "$id") && typeof item === "string" && !item.startsWith("#");
      if (leaves)
        return `refers to "${item.slice(0, 100)}", which is outside of it: put it all into one document`;
      const problem = visit(item, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return visit(root, 0);
}
