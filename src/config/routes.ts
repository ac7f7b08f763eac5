/** The routing side of the configuration: upstreams, routes, their paths and templates. */
import { isCanonicalPath } from "../core/canonical.ts";
import type { Offer, Route, Upstream } from "../core/route.ts";
import { type Fault, suggest } from "./faults.ts";
import { checkPrice } from "./payments.ts";
import type { RawConfig } from "./schema.ts";
import { checkUrl } from "./urls.ts";

const ROUTE_KEY = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS|\*) (\/\S*)$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 field values: no line breaks, no other controls. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The upstreams by name. */
export function checkUpstreams(raw: RawConfig, faults: Fault[]): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  const fallback = raw.gateway?.timeouts?.upstream ?? 60;
  for (const [name, { url, headers = {}, timeout, cookies = false }] of Object.entries(raw.upstreams)) {
    const path = `upstreams.${name}`;
    const base = checkUrl(url, `${path}.url`, false, faults);
    for (const [header, value] of Object.entries(headers)) {
      if (!HEADER_NAME.test(header) || !HEADER_VALUE.test(value)) {
        faults.push({
          path: `${path}.headers.${header}`,
          message: "is not a valid header",
          fix: "check for line breaks",
        });
      }
    }
    if (base) upstreams.set(name, { name, base, headers, cookies, timeoutMs: (timeout ?? fallback) * 1000 });
  }
  return upstreams;
}

/** The routes, each with what can be paid for it. */
export function checkRoutes(
  raw: RawConfig,
  upstreams: Map<string, Upstream>,
  offers: Offer[],
  faults: Fault[],
): Route[] {
  const routes: Route[] = [];
  const shapes = new Map<string, string>();
  for (const [key, route] of Object.entries(raw.routes)) {
    const path = `routes.${key}`;
    const parsed = checkKey(key, path, faults);
    const upstream = upstreams.get(route.upstream);
    if (!Object.hasOwn(raw.upstreams, route.upstream)) {
      const fix = suggest(route.upstream, Object.keys(raw.upstreams));
      faults.push({ path: `${path}.upstream`, message: `unknown upstream "${route.upstream}"`, fix });
    }
    const price = checkPrice(route.price ?? raw.defaults?.price, `${path}.price`, offers, faults);
    if (!parsed) continue;
    const { method, pattern } = parsed;
    checkTemplate(route.path, pattern, `${path}.path`, faults);
    const shape = `${method} ${pattern.replace(/:[^/]+/g, ":")}`;
    const twin = shapes.get(shape);
    if (twin) faults.push({ path, message: `matches the same calls as "${twin}"`, fix: "keep one of them" });
    shapes.set(shape, key);
    if (!upstream || price === undefined) continue;
    routes.push({
      key,
      method,
      pattern,
      upstream,
      path: route.path,
      price: price === "free" ? undefined : price,
      offers,
      settlement: route.settlement ?? raw.defaults?.settlement ?? "before-response",
      timeoutSeconds: route.timeout ?? raw.defaults?.timeout ?? 60,
    });
  }
  return routes;
}

function checkKey(
  key: string,
  path: string,
  faults: Fault[],
): { method: string; pattern: string } | undefined {
  const [, method, pattern] = ROUTE_KEY.exec(key) ?? [];
  if (method === undefined || pattern === undefined) {
    faults.push({ path, message: "is not a method and a path", fix: 'write it like "GET /weather/:city"' });
    return undefined;
  }
  const segments = pattern.slice(1).split("/");
  const params = segments.filter((segment) => segment.startsWith(":"));
  const problem =
    (!isCanonicalPath(pattern) &&
      "the path is not canonical: no //, dot segments, ';' or needless escapes") ||
    (segments.slice(0, -1).includes("*") && "* can only be the last segment") ||
    (segments.some((segment) => segment !== "*" && segment.includes("*")) &&
      "* must be a segment of its own") ||
    (params.some((param) => !/^:[A-Za-z_]\w*$/.test(param)) && "a parameter is a colon and a name") ||
    (new Set(params).size < params.length && "two parameters have the same name");
  if (problem) faults.push({ path, message: problem });
  return problem ? undefined : { method, pattern };
}

function checkTemplate(template: string | undefined, pattern: string, path: string, faults: Fault[]): void {
  if (template === undefined) return;
  if (!template.startsWith("/")) faults.push({ path, message: "must start with /" });
  const params = pattern.split("/").flatMap((segment) => (segment.startsWith(":") ? [segment.slice(1)] : []));
  for (const [, kind, name = ""] of template.matchAll(/\$\{([^.}]*)\.?([^}]*)\}/g)) {
    if (kind !== "params" && kind !== "query") {
      faults.push({
        path,
        message: `unknown reference "${kind}"`,
        fix: "use ${params.name} or ${query.name}",
      });
    } else if (kind === "params" && !params.includes(name)) {
      faults.push({ path, message: `the route has no parameter "${name}"`, fix: suggest(name, params) });
    }
  }
  if (template.includes("*") && !pattern.endsWith("*")) {
    faults.push({ path, message: "has a * but the route has none", fix: 'end the route\'s path with "/*"' });
  }
}
