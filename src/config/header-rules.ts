/** Header fields that the configuration sets or takes away. */
import type { HeaderChange } from "../core/upstream.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 field values: no line breaks, no other controls. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Of the connection (RFC 9110, 7.6.1), of the body as it is, or of payments: nobody's to write but the gateway's. */
const RESERVED =
  /^(?:content-length|transfer-encoding|connection|keep-alive|proxy-.*|te|trailer|upgrade|sec-websocket-.*|payment-.*|x-payment.*|x-tollbooth-.*|tollbooth-.*|settlement-overrides|sign-in-with-x)$/i;

/** Which message is meant, and what else of it is reserved. */
const KINDS = {
  request: /^(?:host|expect)$/i,
  // The last ones speak to caches in front of the gateway, which must not be told to keep what was paid for.
  response:
    /^(?:content-encoding|ratelimit|ratelimit-policy|idempotent-replayed|(?:.*-)?cdn-cache-control|surrogate-control|edge-control|x-accel-expires)$/i,
} as const;

type Kind = keyof typeof KINDS;

/** Fields that are set, their names in lower case. */
export function checkHeaders(
  headers: Record<string, string>,
  kind: Kind,
  path: string,
  faults: Fault[],
): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    checkName(name, kind, `${path}.${name}`, faults);
    if (isUnset(value) || VALUE.test(value)) continue;
    faults.push({
      path: `${path}.${name}`,
      message: "is not a valid header",
      fix: "check for line breaks",
    });
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Fields that are set and taken away. */
export function checkHeaderChange(
  change: { set?: Record<string, string> | undefined; remove?: string[] | undefined } | undefined,
  kind: Kind,
  path: string,
  faults: Fault[],
): HeaderChange {
  const set = checkHeaders(change?.set ?? {}, kind, `${path}.set`, faults);
  const remove = (change?.remove ?? []).map((name) => name.toLowerCase());
  for (const [i, name] of remove.entries()) {
    const at = `${path}.remove[${i}]`;
    checkName(name, kind, at, faults);
    if (Object.hasOwn(set, name)) {
      faults.push({ path: at, message: `"${name}" is set as well`, fix: "keep one of them" });
    }
  }
  return { set, remove };
}

function checkName(name: string, kind: Kind, path: string, faults: Fault[]): void {
  if (isUnset(name)) return;
  if (RESERVED.test(name) || KINDS[kind].test(name)) {
    const fix = "leave it out: it belongs to the connection, the body's coding, payments or the gateway";
    faults.push({ path, message: `"${name}" cannot be changed`, fix });
  } else if (!NAME.test(name)) {
    faults.push({ path, message: "is not a valid header", fix: "check for line breaks" });
  }
}
