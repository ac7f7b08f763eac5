/** A configuration that is being written: values, names of imports among them, and what is said beside them. */

/** An identifier, as in `import identifier from …`. */
export class Name {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What the file will hold. */
export type Draft = {
  /** Lines of the comment on top. */
  head: string[];
  imports: { name: string; from: string }[];
  config: Record<string, unknown>;
  /** Path (`routes.GET /weather`) → what is said above that field. */
  comments: Map<string, string>;
};

/** The longest line that an object or a list is kept on. */
const WIDTH = 100;

/** The text of `tollbooth.config.ts`. */
export function render({ head, imports, config, comments }: Draft): string {
  const lines = [
    ...imports.map(({ name, from }) => `import ${name} from ${JSON.stringify(from)};`),
    'import { defineConfig } from "tollbooth-edge";',
    "",
    ...(head.length > 0 ? ["/**", ...head.map((line) => ` * ${safe(line)}`.trimEnd()), " */"] : []),
    `export default defineConfig(${show(config, "", "", comments)});`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The configuration as `load` takes it: a function in the place of each import. */
export function toValues(value: unknown): unknown {
  if (value instanceof Name) return () => undefined;
  if (Array.isArray(value)) return value.map(toValues);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toValues(inner)]));
}

/** Takes out what lies at a fault's path, or nearest above it. @returns the path of what was taken; undefined at the top */
export function strike(config: Record<string, unknown>, path: string): string | undefined {
  let holder: unknown = config;
  let rest = path;
  let found: { holder: object; key: string; path: string } | undefined;
  while (typeof holder === "object" && holder !== null) {
    const key = keyAt(holder, rest);
    if (key === undefined) break;
    const written = Array.isArray(holder) ? `[${key}]` : key;
    const above = found?.path ?? "";
    found = {
      holder,
      key,
      path: above + (above && !written.startsWith("[") ? "." : "") + written,
    };
    rest = rest.slice(written.length).replace(/^\./, "");
    holder = Reflect.get(holder, key);
  }
  if (!found) return undefined;
  if (Array.isArray(found.holder)) found.holder.splice(Number(found.key), 1);
  else Reflect.deleteProperty(found.holder, found.key);
  return found.path;
}

/** The key that a path goes on with: names may hold dots, so it is the longest that fits. */
function keyAt(holder: object, rest: string): string | undefined {
  if (Array.isArray(holder)) {
    const index = /^\[(\d+)\]/.exec(rest)?.[1];
    return index !== undefined && Number(index) < holder.length ? index : undefined;
  }
  const fits = Object.keys(holder).filter(
    (key) => rest.startsWith(key) && /^(?:$|[.[])/.test(rest.slice(key.length)),
  );
  return fits.sort((a, b) => b.length - a.length)[0];
}

function show(value: unknown, indent: string, path: string, comments: Draft["comments"]): string {
  if (value instanceof Name) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const list = Array.isArray(value);
  const inner = `${indent}  `;
  const parts = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([key, field]) => {
      const at = list ? `${path}[${key}]` : path ? `${path}.${key}` : key;
      const said = comments.get(at);
      const text = (list ? "" : `${keyText(key)}: `) + show(field, inner, at, comments);
      return { text, above: said === undefined ? [] : wrap(said, inner.length).map((line) => `// ${line}`) };
    });
  const [open, close] = list ? ["[", "]"] : ["{ ", " }"];
  if (parts.length === 0) return list ? "[]" : "{}";
  const line = open + parts.map(({ text }) => text).join(", ") + close;
  const alone = parts.every(({ above }) => above.length === 0) && path !== "";
  if (alone && !line.includes("\n") && indent.length + line.length <= WIDTH && isSmall(path)) return line;
  const rows = parts.flatMap(({ text, above }) => [...above, `${text},`]).map((row) => `${inner}${row}`);
  return [open.trim(), ...rows, `${indent}${close.trim()}`].join("\n");
}

/** What a reader looks for by its name has a line of its own. */
function isSmall(path: string): boolean {
  return !["routes", "upstreams", "hooks"].includes(path);
}

function keyText(key: string): string {
  // Written any other way it is not a key, but what all keys that are missing are looked for in.
  if (key === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  for (const word of safe(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH - indent - 4)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** What others wrote cannot end the comment that it stands in. */
function safe(text: string): string {
  return text.replaceAll("*/", "* /").replace(/[\r\n\u2028\u2029]+/g, " ");
}
