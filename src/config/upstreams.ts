/** The services behind the gateway. */
import type { Upstream } from "../core/route.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import type { RawConfig } from "./schema.ts";
import { checkUrl } from "./urls.ts";

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 field values: no line breaks, no other controls. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Set by the connection, or never sent to an upstream. */
const NOT_TO_BE_SET =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|payment-.*|x-payment.*)$/i;

/** Seconds as whole milliseconds: timers take no fractions. */
export function toMs(seconds: number): number {
  return Math.ceil(seconds * 1000);
}

/** The upstreams by name. */
export function checkUpstreams(raw: RawConfig, faults: Fault[]): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  const fallback = raw.gateway?.timeouts?.upstream ?? 60;
  for (const [name, { url, headers = {}, timeout, cookies = false }] of Object.entries(raw.upstreams)) {
    const path = `upstreams.${name}`;
    const base = checkUrl(url, `${path}.url`, false, faults);
    checkHeaders(headers, `${path}.headers`, faults);
    if (base) upstreams.set(name, { name, base, headers, cookies, timeoutMs: toMs(timeout ?? fallback) });
  }
  return upstreams;
}

function checkHeaders(headers: Record<string, string>, path: string, faults: Fault[]): void {
  for (const [name, value] of Object.entries(headers)) {
    if (NOT_TO_BE_SET.test(name)) {
      faults.push({
        path: `${path}.${name}`,
        message: "cannot be set",
        fix: "leave it out: the connection sets it",
      });
    } else if (!isUnset(value) && !(HEADER_NAME.test(name) && HEADER_VALUE.test(value))) {
      faults.push({
        path: `${path}.${name}`,
        message: "is not a valid header",
        fix: "check for line breaks",
      });
    }
  }
}
