/**
 * Writes the table of fields in docs/configuration.md from the schema: which fields there are, in which order, what they take,
 * and which are required. Defaults and meanings are sentences, written in the table itself and kept; a field without one, and
 * a row of a field that is gone, are errors. `npm run docs:configuration`; with `--check` nothing is written.
 */
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { DurationSchema } from "../src/config/limit-schema.ts";
import { ConfigSchema } from "../src/config/schema.ts";

const FILE = "docs/configuration.md";
const HEAD = "| field | takes | default | meaning |\n|---|---|---|---|\n";

/** What a schema of zod says of itself, as far as it is read here. */
type Def = {
  type: string;
  shape?: Record<string, Schema>;
  innerType?: Schema;
  element?: Schema;
  valueType?: Schema;
  options?: Schema[];
  in?: Schema;
  values?: unknown[];
  entries?: Record<string, unknown>;
  format?: string;
  checks?: { _zod: { def: { check: string; value?: number; inclusive?: boolean } } }[];
};
type Schema = { _zod: { def: Def } };

/** One field of the configuration. */
export type Field = { path: string; takes: string; required: boolean };

/** How the keys of a record are written where they are not the user's route or upstream. */
const KEYS: Record<string, string> = {
  wallets: "{network}",
  rpc: "{network}",
  "facilitator.chains": "{network}",
  upstreams: "{name}",
};

/** Shapes with a name of their own. */
const NAMED = new Map<unknown, string>([[DurationSchema, "duration"]]);

/** Every field, in the schema's order; a shape that was listed before is referred to. */
export function fieldsOf(schema: unknown): Field[] {
  const fields: Field[] = [];
  const listed = new Map<Schema, string>();

  function list(schema: Schema, path: string): void {
    for (const [key, member] of Object.entries(schema._zod.def.shape ?? {})) {
      const own = path === "" ? key : `${path}.${key}`;
      const { inner, required } = unwrap(member);
      const already = fields.find((field) => field.path === own);
      const takes = takesOf(inner, own);
      if (already && already.takes !== takes) already.takes += ` or ${takes}`;
      if (!already) fields.push({ path: own, takes, required });
      descend(inner, own);
    }
  }

  function descend(schema: Schema, path: string): void {
    const { def } = schema._zod;
    if (NAMED.has(schema)) return;
    if (def.type === "object" && !listed.has(schema)) {
      listed.set(schema, path);
      list(schema, path);
    }
    for (const option of def.options ?? []) descend(unwrap(option).inner, path);
    if (def.element) descend(unwrap(def.element).inner, path);
    if (def.in) descend(def.in, path);
    const value = def.valueType && unwrap(def.valueType).inner;
    if (value && holdsObject(value)) descend(value, `${path}.${KEYS[path] ?? "*"}`);
  }

  function takesOf(schema: Schema, path: string): string {
    const { def } = schema._zod;
    const named = NAMED.get(schema);
    if (named) return named;
    switch (def.type) {
      case "union":
        return unique((def.options ?? []).map((option) => takesOf(unwrap(option).inner, path))).join(" or ");
      case "array":
        return `list of ${takesOf(unwrap(def.element as Schema).inner, path)}`;
      case "record":
        return `\`{ ${KEYS[path] ?? "name"}: … }\` of ${takesOf(unwrap(def.valueType as Schema).inner, path)}`;
      case "object": {
        const where = listed.get(schema);
        return where === undefined || where === path ? "object" : `as \`${where}\``;
      }
      case "boolean":
        return "`true` or `false`";
      case "literal":
        return (def.values ?? []).map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
      case "enum":
        return Object.values(def.entries ?? {})
          .map((value) => `\`${JSON.stringify(value)}\``)
          .join(" or ");
      case "number":
        return `${isWhole(def) ? "integer" : "number"}${boundsOf(def)}`;
      case "pipe":
        return takesOf(def.in as Schema, path);
      case "custom":
        return path.endsWith("service") ? "binding" : path.endsWith("openapi") ? "object" : "function";
      default:
        return def.type === "unknown" || def.type === "any" ? "anything" : def.type;
    }
  }

  list(schema as Schema, "");
  return fields;
}

function unwrap(schema: Schema): { inner: Schema; required: boolean } {
  let inner = schema;
  let required = true;
  while (inner._zod.def.innerType) {
    if (inner._zod.def.type === "optional") required = false;
    inner = inner._zod.def.innerType;
  }
  return { inner, required };
}

function holdsObject({ _zod: { def } }: Schema): boolean {
  return def.type === "object" || (def.options ?? []).some((option) => holdsObject(unwrap(option).inner));
}

function isWhole({ format, checks = [] }: Def): boolean {
  return format !== undefined || checks.some(({ _zod }) => _zod.def.check === "number_format");
}

function boundsOf(def: Def): string {
  const bound = (check: string) =>
    (def.checks ?? [])
      .map(({ _zod }) => _zod.def)
      .find((one) => one.check === check && one.value !== undefined);
  const [least, most] = [bound("greater_than"), bound("less_than")];
  const text = (value = 0) => value.toLocaleString("en");
  if (!least) return "";
  const whole = isWhole(def) && !least.inclusive;
  const from = text((least.value ?? 0) + (whole ? 1 : 0));
  if (!least.inclusive && !whole)
    return most ? `, more than ${from}, at most ${text(most.value)}` : `, more than ${from}`;
  return most ? `, ${from} to ${text(most.value)}` : `, ${from} or more`;
}

function unique<T>(items: T[]): T[] {
  return [...new Set(items)];
}

/** The document with its table made anew. @throws with every field that has no row, and every row without a field */
export function withTable(document: string, fields: Field[]): string {
  const table = /^\| field \|.*\n\|[-| ]+\n(?:\|.*\n)+/m.exec(document)?.[0];
  if (!table) throw new Error(`${FILE} has no table of fields`);
  const texts = new Map(
    table
      .trim()
      .split("\n")
      .slice(2)
      .map((row) => {
        const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
        return [
          cells[1]?.replaceAll("`", "") ?? "",
          { fallback: cells.at(-3) ?? "", meaning: cells.at(-2) ?? "" },
        ];
      }),
  );
  const missing = fields.filter(({ path }) => !texts.get(path)?.meaning).map(({ path }) => path);
  const gone = [...texts.keys()].filter((path) => !fields.some((field) => field.path === path));
  if (missing.length + gone.length > 0) {
    throw new Error(`fields without a row: ${missing.join(", ")}\nrows without a field: ${gone.join(", ")}`);
  }
  const rows = fields.map(({ path, takes, required }) => {
    const { fallback = "", meaning } = texts.get(path) ?? {};
    return `| \`${path}\` | ${takes} | ${required && fallback === "" ? "required" : fallback} | ${meaning} |\n`;
  });
  return document.replace(table, () => HEAD + rows.join(""));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const document = await readFile(FILE, "utf8");
  await writeFile(FILE, withTable(document, fieldsOf(ConfigSchema)));
}
