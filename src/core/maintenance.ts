/** Routes that are closed for a while. */
import { GatewayError } from "./errors.ts";

/** What a closed route tells: its status, a sentence of the operator's, and when to come back, seconds. */
export type Maintenance = { status: number; message: string | undefined; retryAfterSeconds: number };

/** Before anything is asked, read or charged. @throws GatewayError `maintenance` */
export function checkOpen(maintenance: Maintenance | undefined): void {
  if (!maintenance) return;
  const { status, message, retryAfterSeconds } = maintenance;
  throw new GatewayError("maintenance", {
    ...(message === undefined ? {} : { detail: message }),
    headers: { "retry-after": String(retryAfterSeconds) },
    answer: { status },
  });
}
