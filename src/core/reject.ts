/** Refusals by the operator's own code, price functions and hooks: answered as that code says. */
import type { ErrorDetails } from "./error-details.ts";
import { GatewayError } from "./errors.ts";

/** Answered in place of the call. A string goes out as text, anything else as JSON; status 400 to 599, default 403. */
export type Rejection = {
  reject: true;
  status?: number | undefined;
  body?: string | object | undefined;
};

/** A rejection that was checked. */
export type Refusal = NonNullable<ErrorDetails["answer"]>;

/** Checks a rejection. @throws TypeError that says what is wrong with it */
export function readRejection({ reject, status = 403, body }: Record<string, unknown>): Refusal {
  if (reject !== true) throw new TypeError("reject is not true");
  if (!(typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599)) {
    throw new TypeError("the status of a rejection is not a whole number from 400 to 599");
  }
  if (body === undefined) return { status };
  if (typeof body === "string") return { status, body, type: "text/plain; charset=utf-8" };
  if (typeof body !== "object")
    throw new TypeError("the body of a rejection is neither a string nor an object");
  return { status, body: JSON.stringify(body), type: "application/json" };
}

/** The refusal as a failure. */
export function rejected(answer: Refusal): GatewayError {
  return new GatewayError("rejected", { answer });
}
