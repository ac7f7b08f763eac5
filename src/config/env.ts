/** `${NAME}` in any string of the configuration, from the platform's variables. */
import { isService } from "../core/upstream.ts";
import type { Fault } from "./faults.ts";

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Where an upstream's description of itself is. */
const DESCRIPTION = /^upstreams\..+\.openapi$/;

/** Stands for a variable that is not set; what holds it cannot be checked further. */
const UNSET = "\uFFFF";

/** True for a value that a missing variable is part of: that is a fault already. */
export function isUnset(text: string): boolean {
  return text.includes(UNSET);
}

/**
 * A copy with every `${NAME}` filled in. `${params.x}` and `${query.x}` are left for the router. A missing variable is
 * a fault that names the field.
 */
export function interpolate(
  value: unknown,
  env: Record<string, unknown>,
  path: string,
  faults: Fault[],
): unknown {
  if (typeof value === "string") return fill(value, env, path, faults);
  if (Array.isArray(value)) return value.map((item, i) => interpolate(item, env, `${path}[${i}]`, faults));
  // A service binding is the platform's: a copy of it could do nothing. A description of an API is not of our writing.
  if (typeof value !== "object" || value === null || isService(value) || DESCRIPTION.test(path)) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    interpolate(item, env, path ? `${path}.${key}` : key, faults),
  ]);
  return Object.fromEntries(entries);
}

function fill(text: string, env: Record<string, unknown>, path: string, faults: Fault[]): string {
  return text.replace(REFERENCE, (_, name: string) => {
    const value = env[name];
    if (typeof value === "string" && value !== "") return value;
    faults.push({
      kind: "env",
      path,
      message: `the variable ${name} is not set`,
      fix: `set ${name} in the platform's environment`,
    });
    return UNSET;
  });
}
