/** What is asked of every request: origins read, defaults filled in, contradictions found. */
import type { Cors, RequestLimits } from "../core/inspection.ts";
import type { Route } from "../core/route.ts";
import { METHODS } from "./arrival-schema.ts";
import { isUnset } from "./env.ts";
import type { Fault } from "./faults.ts";
import { checkDuration } from "./limits.ts";
import type { RawConfig } from "./schema.ts";

/** Browsers' extensions and apps in a web view have schemes of their own. */
const OWN_SCHEME = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[\w.-]+$/;
/** Longest `bodyTimeout`, ms. */
const LONGEST_SILENCE_MS = 3_600_000;

/** Who may read answers from another origin; undefined where that is not the gateway's to say. */
export function checkCors({ gateway }: RawConfig, faults: Fault[]): Cors | undefined {
  const { cors = false } = gateway ?? {};
  if (cors === false) return undefined;
  const {
    allowedOrigins = ["*"],
    allowedMethods: methods = [...METHODS],
    allowedHeaders = ["*"],
    exposedHeaders: exposed = [],
    credentials = false,
    maxAge = 600,
  } = cors === true ? {} : cors;
  const any = allowedOrigins.includes("*");
  const fault = (name: string, message: string, fix: string) =>
    faults.push({ path: `gateway.cors.${name}`, message, fix });
  if (credentials && any) fault("credentials", "cannot go with any origin", "name them");
  if (credentials && exposed.includes("*"))
    fault("exposedHeaders", "cannot be * with credentials", "name them");
  for (const [i, origin] of allowedOrigins.entries()) {
    const right = originOf(origin);
    if (origin === "*" || origin === "null" || origin === right || isUnset(origin)) continue;
    const fix = `write "${right ?? "https://app.example.com"}"`;
    fault(`allowedOrigins[${i}]`, `"${origin}" is not an origin`, fix);
  }
  return {
    origins: any ? undefined : allowedOrigins,
    methods,
    headers: allowedHeaders.includes("*") ? undefined : allowedHeaders,
    exposed,
    credentials,
    maxAge,
  };
}

/** A URL's origin as it is serialised; a `*` as first label stays one. */
function originOf(text: string): string | undefined {
  if (OWN_SCHEME.test(text)) return text;
  const url = text.replace("://*.", "://any.");
  if (!/^https?:/i.test(url) || /[*\\]/.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).origin.replace("://any.", url === text ? "://any." : "://*.");
}

/** How long a request may be before anybody looks at what it wants. */
export function checkRequestLimits({ gateway }: RawConfig): RequestLimits {
  const { urlLength = 8192, headerCount = 100, headerBytes = 32_768 } = gateway?.limits ?? {};
  return { urlLength, headerCount, headerBytes };
}

/** How long a route's requests may be, and how slow. */
export function checkArrivals(
  key: string,
  { routes, gateway }: RawConfig,
  faults: Fault[],
): Pick<Route, "maxRequestBytes" | "silenceMs"> {
  const { bodyBytes = false, bodyTimeout = "30s" } = gateway?.limits ?? {};
  const { maxRequestBytes: own, maxBodyBytes } = routes[key] ?? {};
  const most = own ?? bodyBytes;
  const path = `routes.${key}`;
  if (own !== undefined && key.startsWith("GET "))
    faults.push({ path: `${path}.maxRequestBytes`, message: "GET calls have no body", fix: "leave it out" });
  if (most !== false && maxBodyBytes !== undefined && maxBodyBytes > most) {
    const message = `is more than a request may have: ${most} bytes`;
    faults.push({ path: `${path}.maxBodyBytes`, message, fix: "raise maxRequestBytes, or leave it out" });
  }
  return {
    maxRequestBytes: most || Number.POSITIVE_INFINITY,
    silenceMs: checkDuration(bodyTimeout, "gateway.limits.bodyTimeout", LONGEST_SILENCE_MS, faults),
  };
}
