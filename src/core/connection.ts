/** Headers that a message says belong to its connection (RFC 9110, 7.6.1): they do not cross the gateway. */

/** Lower-case names that `Connection` lists. */
export function connectionListed(headers: Headers): Set<string> {
  return new Set((headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase()));
}

/** The others. */
export function endToEnd(headers: Headers): Headers {
  const listed = connectionListed(headers);
  const rest = new Headers(headers);
  for (const name of headers.keys()) if (listed.has(name)) rest.delete(name);
  return rest;
}
