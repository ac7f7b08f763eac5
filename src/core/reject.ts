/** Refusals by the seller's own code: answered as that code says. */
import { GatewayError } from "./errors.ts";
import type { Rejection } from "./pricing.ts";

/** True for `{ reject: true, … }`. */
export function isRejection(result: unknown): result is Rejection {
  return typeof result === "object" && result !== null && "reject" in result && result.reject === true;
}

/** The refusal as a failure. @throws Error when its status is none of a refusal's */
export function rejected({ status = 403, body }: Rejection): GatewayError {
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new GatewayError("internal_error", { cause: `a rejection with status ${status}` });
  }
  if (body === undefined) return new GatewayError("rejected", { status });
  const text = typeof body === "string";
  return new GatewayError("rejected", {
    status,
    answer: {
      type: text ? "text/plain; charset=utf-8" : "application/json",
      body: text ? body : JSON.stringify(body),
    },
  });
}
