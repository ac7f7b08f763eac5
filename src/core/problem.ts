/** How a failure is told to a client: a problem document (RFC 9457). */
import { ERRORS } from "./error-codes.ts";
import type { GatewayError } from "./errors.ts";

/** A problem type (RFC 9457, 3.1.1); the code is also the heading in docs/errors.md. */
const PROBLEM_TYPE = "urn:tollbooth:error:";

/** The document; the log has its `id`. */
export function problemOf({ code, status, details }: GatewayError, id: string): Record<string, unknown> {
  const { title, hint } = ERRORS[code];
  return {
    type: PROBLEM_TYPE + code,
    title,
    status,
    code,
    ...(details.detail === undefined ? {} : { detail: details.detail }),
    hint: details.hint ?? hint,
    instance: `urn:uuid:${id}`,
    ...details.members,
  };
}
