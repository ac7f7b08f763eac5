/** Checks the shape and turns zod's issues into faults with suggestions. */
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type Fault, suggest } from "./faults.ts";
import { ConfigSchema, type RawConfig } from "./schema.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The configuration if its shape is right; its faults are added otherwise. */
export function checkShape(value: unknown, faults: Fault[]): RawConfig | undefined {
  const parsed = z.safeParse(ConfigSchema, value, { error: en().localeError });
  if (parsed.success) return parsed.data;
  faults.push(...parsed.error.issues.flatMap((issue) => toFaults(issue, [], value)));
  return undefined;
}

function toFaults(issue: Issue, base: Path, value: unknown): Fault[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: show([...path, key]),
      message: "unknown key",
      // A key of another branch of a union is no help here.
      fix: suggest(
        key,
        knownKeys(path).filter((known) => known !== key),
      ),
    }));
  }
  if (issue.code === "invalid_union") {
    const meant = issue.errors.find((faults) => !faults.some((inner) => isAnotherKind(inner)));
    if (!meant) return [{ path: show(path), message: issue.message }];
    return meant.flatMap((inner) => toFaults(inner, path, value));
  }
  if (issue.code === "invalid_type" && at(value, path) === undefined) {
    return [{ path: show(path), message: "is required" }];
  }
  return [{ path: show(path), message: issue.message }];
}

/** True when a branch of a union was not meant at all: something else was written, or for another `model`. */
function isAnotherKind({ code, path }: Issue): boolean {
  const wrong = code === "invalid_type" || code === "invalid_value" || code === "custom";
  return wrong && (path.length === 0 || path[0] === "model");
}

function show(path: Path): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.replace(/^\./, "") || "config";
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** The keys that the schema knows at a path. */
function knownKeys(path: Path): string[] {
  let schema = ConfigSchema._zod.def as unknown as SchemaDef;
  for (const key of path) {
    const next = inner(schema, String(key));
    if (!next) return [];
    schema = next;
  }
  return Object.keys(unwrap(schema).shape ?? {});
}

/** The part of zod's own definitions that is walked here. */
type SchemaDef = {
  shape?: Record<string, Holder>;
  innerType?: Holder;
  valueType?: Holder;
  element?: Holder;
  options?: Holder[];
};
type Holder = { _zod: { def: SchemaDef } };

function unwrap(def: SchemaDef): SchemaDef {
  if (def.innerType) return unwrap(def.innerType._zod.def);
  const shapes = def.options?.flatMap((option) => [unwrap(option._zod.def).shape ?? []].flat()) ?? [];
  return shapes.length > 0 ? { shape: Object.assign({}, ...shapes) } : def;
}

function inner(def: SchemaDef, key: string): SchemaDef | undefined {
  const { shape, valueType, element } = unwrap(def);
  return (shape?.[key] ?? valueType ?? element)?._zod.def;
}
