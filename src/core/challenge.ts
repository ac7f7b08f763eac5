/** The 402: what this call costs and how to pay it, with the reason when a payment was refused. */
import { BAZAAR, bazaarOf, resourceOf } from "./bazaar.ts";
import type { Call } from "./call.ts";
import type { ErrorCode } from "./error-codes.ts";
import { GatewayError } from "./errors.ts";
import { outputSchemaOf, v1Members } from "./v1.ts";
import {
  declarePaymentIdentifier,
  encodeHeader,
  HEADERS,
  type PaymentRequired,
  type PaymentRequirements,
} from "./x402.ts";

/** A refusal that invites a (new) payment; `reason` is an x402 error reason, safe to show. */
export function challenge(
  call: Call,
  accepts: PaymentRequirements[],
  code: Extract<ErrorCode, "payment_required" | "payment_rejected" | "payment_settlement_failed">,
  reason?: string,
): GatewayError {
  const named = call.route.paymentIdentifier;
  const error = reason ?? "PAYMENT-SIGNATURE header is required";
  const bazaar = bazaarOf(call);
  const resource = resourceOf(call);
  const extensions = {
    ...(named === "off" ? {} : declarePaymentIdentifier(named === "required")),
    ...(bazaar ? { [BAZAAR]: bazaar } : {}),
  };
  const body: PaymentRequired = {
    x402Version: 2,
    error,
    resource,
    accepts,
    ...(Object.keys(extensions).length > 0 ? { extensions } : {}),
  };
  return new GatewayError(code, {
    ...(reason === undefined ? {} : { detail: `Reason: ${reason}` }),
    headers: { [HEADERS.required]: encodeHeader(body) },
    members: {
      ...v1Members(
        accepts,
        { ...resource, outputSchema: outputSchemaOf(bazaar) },
        reason ?? "X-PAYMENT header is required",
      ),
      ...(reason === undefined ? {} : { reason }),
    },
    offered: { required: body, route: call.route },
  });
}
