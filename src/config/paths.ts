/** The paths of routes: their keys, and the templates of what is forwarded. */
import { isCanonicalPath, isReserved } from "../core/canonical.ts";
import { isUnset } from "./env.ts";
import { type Fault, suggest } from "./faults.ts";

const ROUTE_KEY = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS|\*) (\/\S*)$/;

/** Literals as they are matched, parameters by their place. */
export function shapeOf(pattern: string): string {
  return pattern
    .split("/")
    .map((segment) => (segment.startsWith(":") ? ":" : decodeURIComponent(segment)))
    .join("/");
}

/** The method and the path of a route's key. */
export function checkKey(
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
    (isReserved(pattern) && "paths under /__tollbooth are the gateway's own") ||
    (segments.slice(0, -1).includes("*") && "* can only be the last segment") ||
    (segments.some((segment) => segment !== "*" && segment.includes("*")) &&
      "* must be a segment of its own") ||
    (params.some((param) => !/^:[A-Za-z_]\w*$/.test(param)) && "a parameter is a colon and a name") ||
    (new Set(params).size < params.length && "two parameters have the same name");
  if (problem) faults.push({ path, message: problem });
  return problem ? undefined : { method, pattern };
}

/** What a route forwards in place of the path: its references must be there. */
export function checkTemplate(
  template: string | undefined,
  pattern: string,
  path: string,
  faults: Fault[],
): void {
  if (template === undefined || isUnset(template)) return;
  const [example = ""] = template.replace(/\$\{[^}]*\}|\*/g, "x").split("?");
  if (!isCanonicalPath(example)) {
    faults.push({
      path,
      message: "must start with / and be canonical: no //, dot segments, ';' or needless escapes",
    });
  }
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
  if (/\?.*\*/.test(template)) {
    faults.push({
      path,
      message: "has a * in its query",
      fix: "use * in the path, ${query.name} in the query",
    });
  }
  if (template.includes("*") && !pattern.endsWith("*")) {
    faults.push({ path, message: "has a * but the route has none", fix: 'end the route\'s path with "/*"' });
  }
}
