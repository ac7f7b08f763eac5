/** `Cache-Control` as RFC 9111, 5.2 writes it: names in any case, values as tokens or in quotes. */

/** A directive's value, or `true` without one. A name that comes twice with two values is kept as `invalid`. */
export type Directives = ReadonlyMap<string, string | true>;

const DIRECTIVE = /([!#$%&'*+.^_`|~\w-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?[^,]*/g;
/** Those whose value is a number of seconds. */
const IN_SECONDS = new Set(
  "max-age s-maxage stale-while-revalidate stale-if-error min-fresh max-stale".split(" "),
);
/** The longest time that is told apart from no end, seconds (RFC 9111, 1.2.2). */
export const LONGEST = 2 ** 31;

/** Reads a field. */
export function directives(field: string): Directives {
  const read = new Map<string, string | true>();
  for (const [, name = "", quoted, token] of field.matchAll(DIRECTIVE)) {
    const value = quoted?.replace(/\\(.)/g, "$1") ?? token ?? true;
    const known = read.get(name.toLowerCase());
    read.set(name.toLowerCase(), known !== undefined && known !== value ? "invalid" : value);
  }
  return read;
}

/** A member of a Structured Dictionary whose value is an integer, a token, a string or a boolean (RFC 9651, 3.2). */
const MEMBER =
  /^[a-z*][a-z0-9_.*-]*(?:=(?:-?\d{1,15}|[A-Za-z*][!#$%&'*+.^_`|~\w:/-]*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|\?[01]))?(?:;[^,]*)?$/;

/**
 * What an answer says: in `CDN-Cache-Control`, where it has one that can be read, then nothing else counts (RFC 9213,
 * 2.2); else in `Cache-Control`.
 */
export function saidIn(headers: Headers): { said: Directives; targeted: boolean } {
  const target = headers.get("cdn-cache-control");
  const members = target?.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g)?.map((member) => member.trim()) ?? [];
  const targeted = members.length > 0 && members.every(isMember);
  const field = targeted ? target : headers.get("cache-control");
  return { said: directives(field ?? ""), targeted };
}

function isMember(member: string): boolean {
  const [, name = "", seconds] = /^([^=;]*)(?:=(\d+)(?=;|$))?/.exec(member) ?? [];
  return MEMBER.test(member) && (!IN_SECONDS.has(name) || seconds !== undefined);
}

/** True when it is there, whatever its value. */
export function isOn(read: Directives, name: string): boolean {
  return read.has(name);
}

/** Its seconds; 0 where they cannot be read, as if it had ended (RFC 9111, 4.2.1); undefined where it is not there. */
export function seconds(read: Directives, name: string): number | undefined {
  const value = read.get(name);
  if (value === undefined || !IN_SECONDS.has(name)) return undefined;
  return typeof value === "string" && /^\d+$/.test(value) ? Math.min(Number(value), LONGEST) : 0;
}
