/** The receipt on an answer, in the words of the client's version of x402. */
import { toV1Name } from "./networks.ts";
import { encodeHeader, HEADERS } from "./x402.ts";

/** The headers that tell how the settlement went: a receipt, or a `SettleResponse` with `success: false`. */
export function receiptHeaders(
  { headers }: Request,
  receipt: { success: boolean; network: string; transaction: string; payer: string; errorReason?: string },
): Record<string, string> {
  const fields = { [HEADERS.response]: encodeHeader(receipt) };
  if (!headers.has(HEADERS.v1Signature)) return fields;
  const network = toV1Name(receipt.network) ?? receipt.network;
  return { ...fields, [HEADERS.v1Response]: encodeHeader({ ...receipt, network }) };
}

/** The answer's field that says why a call was not charged. */
export const SKIPPED = "x-tollbooth-settlement-skipped";
