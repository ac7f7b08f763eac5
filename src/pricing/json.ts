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
// In UTF-8 these bytes are never a part of another character.
const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c];

/** Reads a body, if its content type does not stand against it. @throws GatewayError `body_not_json` */
export function readJson(bytes: Uint8Array, type: string | null): unknown {
  if (type !== null && !mayBeJson(type)) {
    throw new GatewayError("body_not_json", { detail: "Its content type asks for another reading." });
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new GatewayError("body_not_json", { cause });
  }
  if (hasTwin(bytes, value))
    throw new GatewayError("body_not_json", { detail: "A name comes twice in one object." });
  return value;
}

function mayBeJson(type: string): boolean {
  const charsets = type.match(CHARSET)?.length ?? 0;
  return !ANOTHER_KIND.test(type) && (charsets === 0 || (charsets === 1 && UTF8.test(type)));
}

/**
 * True when an object of this valid JSON has a name twice: parsers differ in which one they take. `JSON.parse` keeps one
 * of them, so that the value has fewer names than the bytes.
 */
function hasTwin(bytes: Uint8Array, value: unknown): boolean {
  return namesIn(bytes) !== namesOf(value);
}

/** How many names stand in these bytes: behind each there is a colon, and outside of strings there is no other. */
function namesIn(bytes: Uint8Array): number {
  let names = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === COLON) names += 1;
    else if (bytes[at] === QUOTE) at = endOfString(bytes, at);
  }
  return names;
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** How many names this value has, however deep; without recursion, since clients choose the depth. */
function namesOf(value: unknown): number {
  let names = 0;
  const open: object[] = typeof value === "object" && value !== null ? [value] : [];
  for (let next = open.pop(); next; next = open.pop()) {
    const inner: unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (inner !== next) names += inner.length;
    for (const each of inner) if (typeof each === "object" && each !== null) open.push(each);
  }
  return names;
}
