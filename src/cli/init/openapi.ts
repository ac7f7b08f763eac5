/** Routes from an OpenAPI 3.0 or 3.1 description: one for each operation. */
import { CommandError } from "../config-file.ts";
import { faultsOf } from "./check.ts";
import { type Fields, fieldsOf, listOf, textOf } from "./original/fields.ts";

/** What was found: routes by their keys, and what could not be a route. */
export type Described = {
  routes: Record<string, Fields>;
  skipped: { operation: string; reason: string }[];
  /** The first server, where it is a whole URL. */
  server: string | undefined;
  title: string | undefined;
};

const METHODS = ["get", "post", "put", "patch", "delete", "options"];
const OTHER_METHODS = ["head", "trace", "query"];
/** References from path item to path item; a longer chain is a circle. */
const MOST_HOPS = 20;

/** Reads it. @throws CommandError when it is no such description, or refers to other files */
export function describe(spec: unknown, price: string): Described {
  const { openapi, swagger, paths, info } = fieldsOf(spec);
  const version = textOf(openapi) ?? textOf(swagger) ?? String(openapi ?? swagger ?? "");
  if (!/^3\.[01]/.test(version)) {
    const what = version === "" ? "it has no openapi field" : `it is version ${version}`;
    throw new CommandError(`That is no OpenAPI 3.0 or 3.1 description: ${what}.`);
  }
  const found: Described = {
    routes: {},
    skipped: [],
    server: serverOf(spec),
    title: textOf(fieldsOf(info).title),
  };
  for (const [template, written] of Object.entries(fieldsOf(paths))) {
    if (!template.startsWith("/")) continue;
    const item = follow(written, spec, `paths.${template}`);
    for (const method of OTHER_METHODS.filter((name) => item[name] !== undefined)) {
      const reason = method === "head" ? "HEAD follows its GET route" : "no route can have this method";
      found.skipped.push({ operation: `${method.toUpperCase()} ${template}`, reason });
    }
    for (const method of METHODS.filter((name) => item[name] !== undefined)) {
      add(found, method.toUpperCase(), template, fieldsOf(item[method]), price);
    }
  }
  return found;
}

function add(found: Described, method: string, template: string, operation: Fields, price: string): void {
  const key = `${method} ${toPattern(template)}`;
  const shape = (text: string) => text.replace(/:\w+/g, ":");
  const other = Object.keys(found.routes).find((known) => shape(known) === shape(key));
  if (other !== undefined) {
    found.skipped.push({ operation: `${method} ${template}`, reason: `"${other}" is the same path` });
    return;
  }
  const metadata = metadataOf(operation);
  found.routes[key] = { upstream: "api", price, ...(metadata ? { metadata } : {}) };
}

/** What is told of it to whoever looks for something to buy, as long as that may be. */
function metadataOf(operation: Fields): Record<string, string> | undefined {
  const summary = plain(operation.summary ?? operation.operationId, 120);
  const old = operation.deprecated === true ? "Deprecated. " : "";
  const description = plain(`${old}${textOf(operation.description) ?? ""}`, 2000);
  const metadata = { ...(summary ? { summary } : {}), ...(description ? { description } : {}) };
  return Object.keys(metadata).length > 0 ? metadata : undefined;
}

/** On one line, and without a word that the configuration would fill in: it is shown to everybody. */
function plain(said: unknown, length: number): string {
  const text = textOf(said) ?? "";
  return text.replaceAll("${", "$ {").replace(/\s+/g, " ").trim().slice(0, length);
}

/** `/files/{file-id}.json` as `/files/:file_id`: a parameter is a whole segment here, and the path is forwarded as it came. */
function toPattern(template: string): string {
  const taken = new Set<string>();
  const segments = template.split("/").map((segment) => {
    const [, written] = /\{([^}]*)\}/.exec(segment) ?? [];
    if (written === undefined) return segment;
    const name = written.replace(/\W/g, "_").replace(/^(?=\d|$)/, "_");
    let unique = name;
    for (let i = 2; taken.has(unique); i += 1) unique = `${name}${i}`;
    taken.add(unique);
    return `:${unique}`;
  });
  return segments.join("/");
}

/** A path item, through references within the description. */
function follow(written: unknown, spec: unknown, path: string): Fields {
  let item = fieldsOf(written);
  for (let hops = 0; item.$ref !== undefined; hops += 1) {
    const reference = String(item.$ref);
    if (!reference.startsWith("#/")) {
      throw new CommandError(
        `${path} refers to ${reference}: nothing is fetched, and no other file is read. Put all into one file first ("npx @redocly/cli bundle").`,
      );
    }
    if (hops >= MOST_HOPS) throw new CommandError(`${path} refers to itself.`);
    const { $ref: _, ...own } = item;
    item = { ...fieldsOf(pointed(spec, reference)), ...own };
  }
  return item;
}

function pointed(spec: unknown, reference: string): unknown {
  const keys = reference.slice(2).split("/");
  return keys.reduce<unknown>((value, key) => {
    const name = decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~");
    return fieldsOf(value)[name];
  }, spec);
}

function serverOf(spec: unknown): string | undefined {
  const { url, variables } = fieldsOf(listOf(fieldsOf(spec).servers)[0]);
  const filled = textOf(url)?.replace(/\{([^}]+)\}/g, (_, name: string) =>
    String(fieldsOf(fieldsOf(variables)[name]).default ?? ""),
  );
  if (filled === undefined || !/^https?:/.test(filled) || !URL.canParse(filled)) return undefined;
  return filled.replace(/\/$/, "");
}

/** Leaves out the routes that the gateway would not take. */
export async function keepValid(found: Described, config: Fields): Promise<void> {
  const faults = await faultsOf({ ...config, routes: found.routes });
  for (const [key] of Object.entries(found.routes)) {
    const fault = faults.find(({ path }) => path === `routes.${key}` || path.startsWith(`routes.${key}.`));
    if (!fault) continue;
    found.skipped.push({ operation: key, reason: fault.message });
    delete found.routes[key];
  }
}
