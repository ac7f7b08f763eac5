/** Lists that proxies add to at the end. */

/**
 * The members of a field, the last one first, without the space around them; empty ones too. Read backwards, so that
 * whatever stands before a member, a quote that is never closed for one, cannot change how that member is read.
 */
export function* fromTheEnd(field: string, quotes: boolean): Generator<string, undefined> {
  let end = field.length;
  let quoted = false;
  for (let at = end - 1; at >= 0; at--) {
    const char = field.charAt(at);
    if (quotes && char === '"' && !(quoted && isEscaped(field, at))) quoted = !quoted;
    if (char !== "," || quoted) continue;
    yield field.slice(at + 1, end).trim();
    end = at;
  }
  yield field.slice(0, end).trim();
  return undefined;
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(field: string, at: number): boolean {
  let first = at;
  while (field.charAt(first - 1) === "\\") first--;
  return (at - first) % 2 === 1;
}
