/**
 * A JSON body that money depends on. Whatever two parsers may read differently is refused, because the upstream's might be
 * the other one: bytes that are not UTF-8, a byte order mark, a name that comes twice, a content type that asks for another
 * reading (`{"model":"small","x":"&model=large&"}` is a form as well, and another name in UTF-7).
 */
import { GatewayError } from "../core/errors.ts";

/** Types that are read by other rules than JSON's. */
const ANOTHER_KIND =
  /^\s*(?:multipart\/|application\/x-www-form-urlencoded|\w+\/(?:[^;]*[+.-])?(?:xml|yaml)\b)/i;
const CHARSET = /charset/gi;
const UTF8 = /;\s*charset\s*=\s*(?:utf-?8|"utf-?8")\s*(?:;|$)/i;

/** Reads a body, if its content type does not stand against it. @throws GatewayError `body_not_json` */
export function readJson(bytes: Uint8Array, type: string | null): unknown {
  if (type !== null && !mayBeJson(type)) {
    throw new GatewayError("body_not_json", { detail: "Its content type asks for another reading." });
  }
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

function mayBeJson(type: string): boolean {
  const charsets = type.match(CHARSET)?.length ?? 0;
  return !ANOTHER_KIND.test(type) && (charsets === 0 || (charsets === 1 && UTF8.test(type)));
}

/** True when an object of this valid JSON has a name twice: parsers differ in which one they take. */
function hasTwin(text: string): boolean {
  /** Names of the open objects; undefined for arrays. */
  const open: (Set<string> | undefined)[] = [];
  let nameIsNext = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') {
      const end = endOfString(text, at);
      const names = nameIsNext ? open.at(-1) : undefined;
      const name = names && nameIn(text.slice(at, end + 1));
      if (name !== undefined && names?.has(name)) return true;
      if (name !== undefined) names?.add(name);
      at = end;
      nameIsNext = false;
    } else if (sign === "{" || sign === "[") {
      open.push(sign === "{" ? new Set() : undefined);
      nameIsNext = sign === "{";
    } else if (sign === "}" || sign === "]") open.pop();
    else if (sign === ",") nameIsNext = open.at(-1) !== undefined;
  }
  return false;
}

function nameIn(quoted: string): string {
  return quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

/** Where the string that begins there ends. Without a pattern: matching a long one takes the engine's stack. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (let slashes = 1; slashes % 2 === 1; ) {
    end = text.indexOf('"', end + 1);
    slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
  }
  return end;
}
