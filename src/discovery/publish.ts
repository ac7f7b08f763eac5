/**
 * Parts of upstreams' descriptions as everybody may read them, in OpenAPI 3.1. Left out is what is about the upstream and not
 * about what is sold: its servers, how it is authenticated to, where it calls back, whatever extensions say to other tools.
 * References go on leading where they led: what they name is published as well, under a name that is nobody else's. Of a
 * description only what is referred to is published, so that what is not sold is not shown.
 */
import { type ApiDocument, isJson, type Json, lift, lookUp } from "../core/openapi.ts";

/** Members whose values are named by the author, and are no members of OpenAPI. */
const NAMES = new Set(
  "properties patternProperties $defs definitions dependentSchemas responses headers content examples encoding".split(
    " ",
  ),
);
/** Members whose values are data. */
const DATA = new Set(["example", "default", "enum", "const", "value", "required"]);
const DROPPED = new Set([
  "servers",
  "security",
  "callbacks",
  "externalDocs",
  "links",
  "externalValue",
  "operationRef",
  "$id",
]);
/** Not published, whatever is said to need them. */
const SECURITY = "#/components/securitySchemes/";
/**
 * What a reference leads to, where it is no schema: under `components`, or in the middle of an operation. The kinds are those
 * that OpenAPI knows (3.1, 4.8.7), because they become members of an object, and the reference is foreign.
 */
const KIND =
  /^#\/(?!components\/schemas\/).*\/(responses|parameters|examples|requestBodies|headers|pathItems)\/[^/]+$/;

/** Copies parts of documents, and gathers what they refer to. */
export type Publisher = {
  /** A part of a document. */
  publish: (document: ApiDocument, upstream: string, part: unknown) => unknown;
  /** All that was referred to, by kind and name. */
  components: Record<string, Json>;
};

/** An empty one; `components` are there already, and their names taken. */
export function makePublisher(components: Record<string, Json>): Publisher {
  const names = new Map<ApiDocument, Map<string, string>>();

  function nameOf(document: ApiDocument, upstream: string, ref: string): string {
    const own = names.get(document) ?? new Map<string, string>();
    names.set(document, own);
    const known = own.get(ref);
    if (known !== undefined) return known;
    const [, kind = "schemas"] = KIND.exec(ref) ?? [];
    const written = ref.slice(ref.lastIndexOf("/") + 1) || "part";
    const found = lookUp(document, ref);
    if (ref.startsWith(SECURITY) || found === undefined) return "";
    components[kind] ??= {};
    const ofKind = components[kind];
    const plain = written.replace(/~[01]|%..|[^\w.-]/g, "_");
    const prefixed = `${upstream.replace(/[^\w.-]/g, "_")}_${plain}`;
    let name = Object.hasOwn(ofKind, plain) ? prefixed : plain;
    for (let n = 2; Object.hasOwn(ofKind, name); n++) name = `${prefixed}_${n}`;
    const published = `#/components/${kind}/${name}`;
    // Before its own references are followed: they may lead back here.
    own.set(ref, published);
    ofKind[name] = {};
    ofKind[name] = copy(document, upstream, found);
    return published;
  }

  function copy(document: ApiDocument, upstream: string, part: unknown, named = false): unknown {
    if (Array.isArray(part)) return part.map((item) => copy(document, upstream, item));
    if (!isJson(part)) return part;
    if (!named && typeof part.$ref === "string") {
      const $ref = nameOf(document, upstream, part.$ref);
      const { summary, description } = part;
      return $ref === "" ? {} : { $ref, ...texts({ summary, description }) };
    }
    const copied: Json = {};
    for (const [key, item] of Object.entries(part)) {
      if (named) copied[key] = copy(document, upstream, item);
      else if (DATA.has(key)) copied[key] = item;
      else if (key === "discriminator") copied[key] = discriminator(document, upstream, item);
      else if (!DROPPED.has(key) && !key.startsWith("x-"))
        copied[key] = copy(document, upstream, item, NAMES.has(key) && isJson(item));
    }
    return named ? copied : lift(document, copied);
  }

  /** Its values are references, or names of schemas. */
  function discriminator(document: ApiDocument, upstream: string, written: unknown): unknown {
    if (!isJson(written)) return written;
    const { propertyName, mapping } = written;
    if (!isJson(mapping)) return { propertyName };
    const renamed = Object.entries(mapping).map(([value, to]) => {
      const ref = String(to).startsWith("#") ? String(to) : `#/components/schemas/${to}`;
      return [value, nameOf(document, upstream, ref)];
    });
    return { propertyName, mapping: Object.fromEntries(renamed.filter(([, to]) => to !== "")) };
  }

  return { publish: (document, upstream, part) => copy(document, upstream, part), components };
}

function texts(said: Json): Json {
  return Object.fromEntries(Object.entries(said).filter(([, text]) => typeof text === "string"));
}
