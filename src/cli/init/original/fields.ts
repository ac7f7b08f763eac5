/** Foreign values, looked at with care. */

/** Fields by name. */
export type Fields = Record<string, unknown>;

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The entries of a list; none of anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** True where a variable is part of the text: what it says is known only where the gateway runs. */
export function isReference(text: string): boolean {
  return /\$\{[A-Za-z_]\w*\}/.test(text);
}

/** Without what is undefined. */
export function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A name for a variable: `base-sepolia` is `BASE_SEPOLIA`. */
export function variableName(text: string): string {
  return text
    .toUpperCase()
    .replace(/\W+/g, "_")
    .replace(/^(?=\d)/, "_");
}
