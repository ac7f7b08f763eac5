/** The codes of failures. */
import { REQUEST_ERRORS } from "./request-errors.ts";

/**
 * Every failure the gateway can answer with, in one table. A code has a status, one public sentence and a hint
 * for the caller; `docs/errors.md` has a heading for each (a test keeps them together). What only the operator
 * may know travels as `cause` and goes to the log, never to the client.
 */
export const ERRORS = {
  ...REQUEST_ERRORS,
  payment_required: {
    status: 402,
    title: "This call has a price.",
    hint: "Sign one of the requirements in the PAYMENT-REQUIRED header and repeat the call with PAYMENT-SIGNATURE; in x402 version 1, one of accepts, with X-PAYMENT.",
  },
  payment_malformed: {
    status: 400,
    title: "The payment header cannot be read.",
    hint: "Send one: PAYMENT-SIGNATURE (x402 version 2) or X-PAYMENT (version 1), standard base64 of its payment payload, at most 8 KiB.",
  },
  payment_rejected: {
    status: 402,
    title: "The payment is not valid for this call.",
    hint: "Sign the requirements of this answer anew; nothing was charged.",
  },
  payment_settlement_failed: {
    status: 402,
    title: "The payment could not be settled.",
    hint: "Check the payer's balance, then sign anew; nothing was charged.",
  },
  payment_already_used: {
    status: 409,
    title: "This payment has already bought its answer.",
    hint: "Sign a new payment to call again.",
  },
  payment_in_progress: {
    status: 409,
    title: "A call with this payment is being served right now.",
    hint: "Repeat the same call with the same payment after Retry-After seconds.",
  },
  payment_conflict: {
    status: 409,
    title: "This payment was presented for another call.",
    hint: "A payment buys one call; sign a new one for this call.",
  },
  payment_outcome_unknown: {
    status: 503,
    title: "Whether this payment was settled is not known yet.",
    hint: "Do not pay again. Repeat the same call with the same payment after Retry-After seconds.",
  },
  store_unavailable: {
    status: 503,
    title: "The gateway's store does not answer.",
    hint: "Nothing was charged. Repeat the same call with the same payment after Retry-After seconds.",
  },
  facilitator_unavailable: {
    status: 503,
    title: "The payment cannot be checked right now.",
    hint: "Nothing was charged. Repeat the same call with the same payment after Retry-After seconds.",
  },
  upstream_unreachable: {
    status: 502,
    title: "The service behind this gateway cannot be reached.",
    hint: "If PAYMENT-RESPONSE is present, the call is paid: repeat it with the same payment to collect the answer.",
  },
  upstream_timeout: {
    status: 504,
    title: "The service behind this gateway did not answer in time.",
    hint: "If PAYMENT-RESPONSE is present, the call is paid: repeat it with the same payment to collect the answer.",
  },
  not_cached: {
    status: 504,
    title: "There is no kept answer to this call.",
    hint: "Nothing was charged. Call it without Cache-Control: only-if-cached.",
  },
  websocket_unsupported: {
    status: 501,
    title: "This gateway does not carry a WebSocket here.",
    hint: "Nothing was charged. Call it without Upgrade. WebSockets pass where the gateway runs on Cloudflare Workers, unless the call is charged by use.",
  },
  hook_failed: {
    status: 500,
    title: "The rules of this service could not be applied.",
    hint: "Nothing was charged. The operator finds the cause in the log.",
  },
  config_invalid: {
    status: 500,
    title: "This gateway is not configured correctly.",
    hint: "The operator finds every fault in the log, or with `tollbooth validate`.",
  },
  internal_error: {
    status: 500,
    title: "The gateway failed.",
    hint: "The operator finds the cause in the log under this answer's request id.",
  },
} as const satisfies Record<string, { status: number; title: string; hint: string }>;

/** A key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;
