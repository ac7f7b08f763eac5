/**
 * `/.well-known/openapi.json`: everything that is sold, as OpenAPI 3.1, with prices. Operations are those of the upstreams'
 * own descriptions, as far as everybody may read them, and the least that can be said of routes that have none. The names
 * of the extensions are the original Tollbooth's.
 */
import { listed } from "../core/bazaar.ts";
import type { Discovery, Listing } from "../core/listing.ts";
import { isJson, type Json, operationOf } from "../core/openapi.ts";
import type { Route } from "../core/route.ts";
import { ownComponents } from "./components.ts";
import { parameters } from "./parameters.ts";
import { acceptsOf, pricingOf } from "./prices.ts";
import { makePublisher, type Publisher } from "./publish.ts";

const ANY = ["get", "post", "put", "patch", "delete"];
const WITHOUT_BODY = new Set(["get", "delete", "options"]);
const MEDIA_TYPES = { json: "application/json", "form-data": "multipart/form-data", text: "text/plain" };

/** The description. */
export function describe(routes: Route[], { title, description }: Discovery, origin: string): Json {
  const publisher = makePublisher(ownComponents());
  const paths: Record<string, Json> = {};
  const templates = new Map<string, { template: string; names: string[] }>();
  const ids = new Set<string>();
  for (const route of routes) {
    const { template, names } = templateOf(route.pattern, templates);
    paths[template] ??= {};
    const item = paths[template];
    const methods = route.method === "*" ? ANY : [route.method.toLowerCase()];
    for (const method of methods) {
      const isTaken = route.method === "*" && Object.hasOwn(item, method);
      if (!isTaken) item[method] = operation(route, method, names, publisher, ids);
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: title ?? new URL(origin).host,
      version: "1.0.0",
      description: description ?? "An API whose calls are paid one by one, with x402.",
    },
    servers: [{ url: origin }],
    paths,
    components: publisher.components,
    "x-x402": { version: 2, provider: "tollbooth" },
  };
}

/** Paths that differ in the names of their parameters only are one path: the first one's names count. */
function templateOf(
  pattern: string,
  known: Map<string, { template: string; names: string[] }>,
): { template: string; names: string[] } {
  const shape = pattern.replace(/:\w+/g, ":");
  const found = known.get(shape);
  if (found) return found;
  const names: string[] = [];
  const segments = pattern.split("/").map((segment) => {
    if (!/^[:*]/.test(segment)) return segment;
    let name = segment === "*" ? "rest" : segment.slice(1);
    while (names.includes(name)) name += "_";
    names.push(name);
    return `{${name}}`;
  });
  const made = { template: segments.join("/"), names };
  known.set(shape, made);
  return made;
}

function operation(
  route: Route,
  method: string,
  names: string[],
  publisher: Publisher,
  ids: Set<string>,
): Json {
  const told = listed(route) ?? {};
  const said = route.operation ? published(route, publisher) : {};
  const { operationId, ...described } = said;
  const id = typeof operationId === "string" ? unique(operationId, route.upstream.name, ids) : undefined;
  const { summary, description, tags } = told;
  const own = { summary, description, ...(tags ? { tags } : {}) };
  const { type } = pricingOf(route);
  const { defaultPrice, maxPrice } = pricingOf(route);
  const price = defaultPrice ?? maxPrice;
  return {
    ...(id === undefined ? {} : { operationId: id }),
    ...described,
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    ...listOf("parameters", parameters(route, names, told, publisher)),
    ...(route.operation || WITHOUT_BODY.has(method) ? {} : { requestBody: bodyOf(told) }),
    responses: {
      ...(isJson(said.responses) ? said.responses : { 200: answerOf(told) }),
      ...(route.price ? { 402: { $ref: "#/components/responses/PaymentRequired" } } : {}),
    },
    security: [],
    ...(price === undefined ? {} : { "x-x402-price": price }),
    "x-x402-accepts": acceptsOf(route),
    "x-x402-pricing-type": type,
    "x-x402-pricing": pricingOf(route),
  };
}

/** What the upstream says of it, but for its parameters: those of its path belong to it as well. */
function published({ operation, upstream }: Route, { publish }: Publisher): Json {
  if (!operation) return {};
  const { parameters: _, ...said } = operationOf(operation);
  const copied = publish(operation.document, upstream.name, said);
  return isJson(copied) ? copied : {};
}

function unique(id: string, upstream: string, ids: Set<string>): string {
  let name = ids.has(id) ? `${upstream}_${id}` : id;
  for (let n = 2; ids.has(name); n++) name = `${upstream}_${id}_${n}`;
  ids.add(name);
  return name;
}

function bodyOf({ bodyType = "json", input, inputSchema }: Listing): Json {
  const example = input ? { example: input } : {};
  return { content: { [MEDIA_TYPES[bodyType]]: { schema: { type: "object", ...inputSchema }, ...example } } };
}

function answerOf({ mimeType, output }: Listing): Json {
  const description = "The upstream's answer.";
  if (mimeType === undefined && !output) return { description };
  const { example, schema = {} } = output ?? {};
  const content = { schema, ...(example === undefined ? {} : { example }) };
  return { description, content: { [mimeType ?? "application/json"]: content } };
}

function listOf(name: string, items: unknown[]): Json {
  return items.length > 0 ? { [name]: items } : {};
}
