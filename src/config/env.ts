/** `${NAME}` in any string of the configuration, from the platform's variables. */
import type { Fault } from "./faults.ts";

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * A copy with every `${NAME}` filled in. `${params.x}` and `${query.x}` are left for the router. A missing variable is
 * a fault that names the field; the copy then holds an empty string.
 */
export function interpolate(
  value: unknown,
  env: Record<string, unknown>,
  path: string,
  faults: Fault[],
): unknown {
  if (typeof value === "string") return fill(value, env, path, faults);
  if (Array.isArray(value)) return value.map((item, i) => interpolate(item, env, `${path}[${i}]`, faults));
  if (typeof value !== "object" || value === null) return value;
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
      path,
      message: `the variable ${name} is not set`,
      fix: `set ${name} in the platform's environment`,
    });
    return "";
  });
}
