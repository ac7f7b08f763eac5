/**
 * Pages of other origins (CORS; Fetch standard, 3.2). A preflight is answered here, whatever its path: it asks what may be
 * sent, and neither route nor price has a part in that. Every other answer, failures and 402 included, is dressed with the
 * fields by which a page can read it. What the upstream says about other origins is about itself, and would let in whom the
 * configuration does not name, so it is taken off.
 *
 * The fields of x402 and of this gateway are always allowed and always shown, so that a browser's client can pay.
 */
import { isMatch } from "matcher";
import type { Cors } from "../core/inspection.ts";
import { SKIPPED } from "../core/receipt.ts";
import type { Rooms } from "../core/rooms.ts";
import { CREDITS_HEADER, SESSION_HEADER, TOP_UP_HEADER } from "../core/session.ts";
import { HEADERS } from "../core/x402.ts";

/** Of requests. `@x402/fetch` sends the last one with its paid call, though it is a field of answers. */
const ASKED = [
  HEADERS.signature,
  HEADERS.v1Signature,
  SESSION_HEADER,
  TOP_UP_HEADER,
  "sign-in-with-x",
  "content-type",
  "access-control-expose-headers",
];
/** Of answers. */
const SHOWN = [
  HEADERS.required,
  HEADERS.response,
  HEADERS.v1Response,
  SESSION_HEADER,
  `${SESSION_HEADER}-expires`,
  CREDITS_HEADER,
  SKIPPED,
  "x-tollbooth-settlement-deferred",
  "idempotent-replayed",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "cache-status",
  "x-cache-status",
];

/** Makes `preflight` and `dress`; without settings they let everything through as it is. */
export function makeCors(cors: Cors | undefined): Pick<Rooms, "preflight" | "dress"> {
  if (!cors) return { preflight: () => undefined, dress: (_, response) => response };
  const { origins, credentials } = cors;
  const asked = cors.headers && [...ASKED, ...cors.headers].join(", ");
  const shown = [...SHOWN, ...cors.exposed].join(", ");

  /** The origin may read the answer; that is true of any while nothing of the client's own goes along. */
  function admit(request: Request, headers: Headers): boolean {
    const origin = request.headers.get("origin") ?? "";
    // Whoever asks: a cache must not hand this answer to a page of another origin.
    if (origins) headers.append("vary", "Origin");
    if (origins && !isMatch(origin, origins)) return false;
    headers.set("access-control-allow-origin", origins ? origin : "*");
    if (credentials) headers.set("access-control-allow-credentials", "true");
    return true;
  }

  return {
    preflight(request) {
      if (!isPreflight(request)) return undefined;
      const headers = new Headers();
      if (admit(request, headers)) {
        const fields = request.headers.get("access-control-request-headers");
        if (!asked) headers.append("vary", "Access-Control-Request-Headers");
        if (asked ?? fields) headers.set("access-control-allow-headers", asked ?? fields ?? "");
        headers.set("access-control-allow-methods", cors.methods.join(", "));
        headers.set("access-control-max-age", String(cors.maxAge));
      }
      return new Response(null, { status: 204, headers });
    },
    dress(request, response) {
      const { headers, status } = response;
      // The handshake of a WebSocket is no matter of CORS.
      if (status === 101) return response;
      for (const name of [...headers.keys()]) if (name.startsWith("access-control-")) headers.delete(name);
      if (admit(request, headers)) headers.set("access-control-expose-headers", shown);
      return response;
    },
  };
}

/** Fetch standard, 3.2.2. Any other `OPTIONS` is a call like others, and may have a route. */
function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}
