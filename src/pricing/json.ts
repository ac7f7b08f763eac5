/**
 * A JSON body that money depends on. Whatever two parsers may read differently is refused, because the upstream's might be
 * the other one: bytes that are not UTF-8, a byte order mark, a name that comes twice.
 */
import { GatewayError } from "../core/errors.ts";

/** A string, or what opens, closes and divides; in valid JSON nothing else tells where names are. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** Reads a body, whatever its content type says. @throws GatewayError `body_not_json` */
export function readJson(bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new GatewayError("body_not_json", { cause });
  }
  if (hasTwin(text)) throw new GatewayError("body_not_json", { detail: "A name comes twice in one object." });
  return value;
}

/** True when an object of this valid JSON has a name twice: parsers differ in which one they take. */
function hasTwin(text: string): boolean {
  /** Names of the open objects; undefined for arrays. */
  const open: (Set<string> | undefined)[] = [];
  let nameIsNext = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const names = open.at(-1);
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (nameIsNext && names && token !== ",") {
      const name = token.includes("\\") ? String(JSON.parse(token)) : token.slice(1, -1);
      if (names.has(name)) return true;
      names.add(name);
    }
    nameIsNext = token === "{" || (token === "," && open.at(-1) !== undefined);
  }
  return false;
}
