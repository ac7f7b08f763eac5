/** A failure that the gateway answers with: a code of the table (`error-codes.ts`), and what is special about it. */
import { ERRORS, type ErrorCode } from "./error-codes.ts";
import type { ErrorDetails } from "./error-details.ts";

/** A failure with a code of {@link ERRORS}; `app.ts` is the only place that renders one. */
export class GatewayError extends Error {
  override name = "GatewayError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(`${code}: ${details.detail ?? ERRORS[code].title}`, { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return this.details.answer?.status ?? ERRORS[this.code].status;
  }

  /** The same failure with more response headers. */
  withHeaders(headers: Record<string, string>): GatewayError {
    return new GatewayError(this.code, { ...this.details, headers: { ...this.details.headers, ...headers } });
  }
}

/** Whatever was thrown, as a failure the client may see. */
export function toGatewayError(thrown: unknown): GatewayError {
  return thrown instanceof GatewayError ? thrown : new GatewayError("internal_error", { cause: thrown });
}
