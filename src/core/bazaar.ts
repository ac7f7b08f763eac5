/**
 * How a call is described for the catalogues of facilitators (specs/extensions/bazaar.md): `info` is an example of the
 * call, `schema` what such examples are valid by. It rides in the 402 and comes back with the payment, so it is kept short:
 * a payment header may take 8,192 characters, and many servers take no more than that of all headers together.
 */
import type { Call, Payment } from "./call.ts";
import { type Listing, listingOf } from "./listing.ts";
import type { Json } from "./openapi.ts";
import type { Route } from "./route.ts";

/** Key of the extension. */
export const BAZAAR = "bazaar";

/** Longest extension, characters of JSON. */
const MOST = 2048;
/** More than the names that its parts have elsewhere and not in it, characters. */
const MOST_NAMES = 256;
/** Longest path parameters that are repeated in it. */
const MOST_PARAMS = 256;
/** Longest description in a 402. */
const MOST_TEXT = 300;
const WITH_BODY = new Set(["POST", "PUT", "PATCH"]);
const KNOWN = new Set(["GET", "HEAD", "DELETE", ...WITH_BODY]);

/** Made once for each route: what its document says has to be looked up. */
const known = new WeakMap<Route, Listing>();

/** What of it may fit, made once as well: what an upstream says may be a megabyte, and every 402 would have to write it. */
const fitting = new WeakMap<Route, Part[]>();

/** What is told of a route: what is configured, over what its operation says. */
export function listed(route: Route): Listing | undefined {
  const { metadata, operation } = route;
  if (!metadata && !operation) return undefined;
  const found = known.get(route) ?? { ...(operation && listingOf(operation)), ...metadata };
  known.set(route, found);
  return found;
}

/** The resource of a 402 (v2 spec, section 5.1.1), with what is told of it. */
export function resourceOf({ route, url }: Pick<Call, "route" | "url">): { url: string } & Json {
  const { summary, description = summary, mimeType, serviceName, iconUrl, tags } = shown(route) ?? {};
  return {
    url: url.href,
    ...(description === undefined ? {} : { description: description.slice(0, MOST_TEXT) }),
    ...(mimeType === undefined ? {} : { mimeType }),
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(iconUrl === undefined ? {} : { iconUrl }),
    ...(tags && tags.length > 0 ? { tags: tags.slice(0, 5) } : {}),
  };
}

function shown(route: Route): Listing | undefined {
  return route.hidden ? undefined : listed(route);
}

/** The extension; undefined for routes of which nothing is told, and where it would be too long. */
export function bazaarOf(call: Pick<Call, "request" | "route" | "params">): Json | undefined {
  const listing = shown(call.route);
  if (!listing || !KNOWN.has(call.request.method)) return undefined;
  for (const part of partsOf(call.route, listing)) {
    const extension = declare(call, part);
    if (JSON.stringify(extension).length <= MOST) return extension;
  }
  return undefined;
}

/** What does not fit is left out: first the answer, then what is said of the request. */
function partsOf(route: Route, { bodyType, input, inputSchema, pathParamsSchema, output }: Listing): Part[] {
  const kept = fitting.get(route);
  if (kept) return kept;
  const path = templateOf(route.pattern) === undefined ? {} : { pathParamsSchema };
  const asked = { bodyType, input, inputSchema, ...path };
  const parts = [...(output?.example === undefined ? [] : [{ ...asked, output }]), asked, { bodyType }];
  const short = parts.filter((part) => JSON.stringify(part).length <= MOST + MOST_NAMES);
  fitting.set(route, short);
  return short;
}

/** What goes to the facilitator with a payment for the call, so that it can list it; what the client has sent is not believed. */
export function toldOf(call: Pick<Call, "request" | "route" | "params" | "url">): Payment["told"] {
  const bazaar = bazaarOf(call);
  return bazaar && { resource: resourceOf(call), extensions: { [BAZAAR]: bazaar } };
}

type Part = Pick<Listing, "bodyType" | "input" | "inputSchema" | "pathParamsSchema" | "output">;

function declare(
  { request: { method }, route, params }: Pick<Call, "request" | "route" | "params">,
  part: Part,
): Json {
  const { input, inputSchema, pathParamsSchema, output } = part;
  const hasBody = WITH_BODY.has(method);
  const { bodyType = "json" } = part;
  const template = templateOf(route.pattern);
  const said =
    template !== undefined && JSON.stringify(params).length <= MOST_PARAMS ? rename(params) : undefined;
  const field = hasBody ? "body" : "queryParams";
  const example = output?.example;
  return {
    ...(template === undefined ? {} : { routeTemplate: template }),
    info: {
      input: {
        type: "http",
        method,
        ...(hasBody ? { bodyType } : {}),
        ...(input ? { [field]: input } : {}),
        ...(said ? { pathParams: said } : {}),
      },
      ...(example === undefined ? {} : { output: { type: "json", example } }),
    },
    schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {
        input: {
          type: "object",
          properties: {
            type: { type: "string", const: "http" },
            method: { type: "string", enum: [method] },
            ...(hasBody ? { bodyType: { type: "string", enum: [bodyType] } } : {}),
            [field]: { type: "object", ...inputSchema },
            ...(template === undefined ? {} : { pathParams: { type: "object", ...pathParamsSchema } }),
          },
          required: ["type", "method", ...(hasBody ? ["bodyType"] : [])],
          additionalProperties: false,
        },
        ...(example === undefined
          ? {}
          : {
              output: {
                type: "object",
                properties: { type: { type: "string" }, example: output?.schema ?? {} },
                required: ["type"],
              },
            }),
      },
      required: ["input"],
    },
  };
}

/** What tells calls of one route together, as the official server writes it; undefined where every path is its own. */
function templateOf(pattern: string): string | undefined {
  return /[:*]/.test(pattern) && pattern !== "/*" ? pattern.replace(/\*$/, ":var1") : undefined;
}

function rename({ "*": rest, ...params }: Record<string, string>): Json {
  return rest === undefined ? params : { ...params, var1: rest };
}
