/**
 * x402 version 1 on the wire (specs/x402-specification-v1.md, specs/transports-v1/http.md): a 402 says in its body what
 * to pay, `X-PAYMENT` brings the payment, `X-PAYMENT-RESPONSE` is the receipt. Inside the gateway everything is version 2.
 */
import * as z from "zod/mini";
import { isKnownToV1, toV1Name } from "./networks.ts";
import { isJson, type Json } from "./openapi.ts";
import { transferOf } from "./terms.ts";
import type { PaymentRequirements } from "./x402.ts";

const short = z.string().check(z.maxLength(256));

/** The payment a client of version 1 presents: it says on which network it pays, and not which offer it has accepted. */
export const V1Payload = z.looseObject({
  x402Version: z.literal(1),
  scheme: short,
  network: short,
  payload: z.record(z.string(), z.unknown()),
});

/** True for requirements that version 1 can express: `exact`, and no Permit2. */
export function isV1(requirements: PaymentRequirements): boolean {
  return requirements.scheme === "exact" && transferOf(requirements) !== "permit2";
}

/** What requirements are about, as version 1 says it with each of them. */
export type V1Resource = { url: string; description?: unknown; mimeType?: unknown; outputSchema?: unknown };

/** Requirements as version 1 writes them. */
export function toV1(
  requirements: PaymentRequirements,
  { url, description = "", mimeType = "", outputSchema }: V1Resource,
): Record<string, unknown> {
  const { scheme, network, amount, asset, payTo, maxTimeoutSeconds, extra } = requirements;
  return {
    scheme,
    network: toV1Name(network) ?? network,
    maxAmountRequired: amount,
    resource: url,
    description,
    mimeType,
    ...(outputSchema ? { outputSchema } : {}),
    payTo,
    maxTimeoutSeconds,
    asset,
    extra: extra ?? {},
  };
}

/** The members of a 402's body that clients of version 1 read; none if there is nothing for them. */
export function v1Members(
  accepts: PaymentRequirements[],
  resource: V1Resource,
  error: string,
): Record<string, unknown> {
  const theirs = accepts.filter((one) => {
    const name = toV1Name(one.network);
    return isV1(one) && name !== undefined && isKnownToV1(name);
  });
  if (theirs.length === 0) return {};
  return { x402Version: 1, error, accepts: theirs.map((one) => toV1(one, resource)) };
}

/** What the `bazaar` extension says, for clients and catalogues of version 1 (`outputSchema`). */
export function outputSchemaOf(extension: unknown): Json | undefined {
  const info = isJson(extension) && isJson(extension.info) ? extension.info : {};
  const { input, output } = info as { input?: Json; output?: Json };
  return input && { input: { ...input, discoverable: true }, output: output?.example ?? null };
}
