/** The parameters of an operation, as everybody may read them. */
import type { Listing } from "../core/listing.ts";
import { isJson, type Json, parametersOf } from "../core/openapi.ts";
import type { Route } from "../core/route.ts";
import type { Publisher } from "./publish.ts";

/** Those of the path under the names of its template, then the others; none that the gateway itself sets. */
export function parameters(route: Route, names: string[], told: Listing, { publish }: Publisher): unknown[] {
  const { operation, upstream, pattern, requestHeaders } = route;
  const said = operation ? parametersOf(operation) : [];
  const places = [...(operation?.template ?? "").matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name);
  const schemas = isJson(told.pathParamsSchema?.properties) ? told.pathParamsSchema.properties : {};
  const path = names.map((name, i) => {
    const own = said.find((one) => one.in === "path" && one.name === places[i]);
    const copied = own && operation && publish(operation.document, upstream.name, own);
    const schema = schemas[name] ?? { type: "string" };
    const rest = pattern.endsWith("*") && i === names.length - 1;
    const note = rest ? { description: "The rest of the path, slashes included." } : {};
    return { schema, ...note, ...(isJson(copied) ? copied : {}), name, in: "path", required: true };
  });
  const set = [
    ...upstream.targets.flatMap(({ headers }) => Object.keys(headers)),
    ...Object.keys(requestHeaders.set),
  ];
  const hidden = new Set(["authorization", "cookie", "accept", "content-type", ...set]);
  const others = said.filter(({ in: place, name }) => {
    if (place === "header") return !hidden.has(String(name).toLowerCase());
    return place === "query" || (place === "cookie" && upstream.cookies);
  });
  return [
    ...path,
    ...others.map((one) => operation && publish(operation.document, upstream.name, one)),
    ...queryOf(route, told),
  ];
}

/** Of what the configuration itself tells of the query. */
function queryOf({ operation, method }: Route, { inputSchema }: Listing): Json[] {
  if (operation || !["GET", "DELETE"].includes(method) || !isJson(inputSchema?.properties)) return [];
  const required = Array.isArray(inputSchema.required) ? inputSchema.required : [];
  return Object.entries(inputSchema.properties).map(([name, schema]) => ({
    name,
    in: "query",
    ...(required.includes(name) ? { required: true } : {}),
    schema,
  }));
}
