/** Reads a payment off a request, whichever version of x402 the client speaks. Shape only. */
import { GatewayError } from "../core/errors.ts";
import { V1Payload } from "../core/v1.ts";
import { decodeHeader, HEADERS, PaymentPayload, type PaymentRequirements } from "../core/x402.ts";

/** Longest payment header that is read, characters; the largest real ones are under 3,000. */
const MAX_HEADER_LENGTH = 8192;

/** A payment as it was presented. */
export type Presented =
  | {
      version: 2;
      /** What the client says it accepted: a claim, until compared. */
      accepted: PaymentRequirements;
      payload: Record<string, unknown>;
      extensions: Record<string, unknown> | undefined;
    }
  | { version: 1; scheme: string; network: string; payload: Record<string, unknown> };

/** The payment of a request; undefined without one. @throws GatewayError `payment_malformed` */
export function readPayment({ headers }: Request): Presented | undefined {
  const header = headers.get(HEADERS.signature);
  const v1Header = headers.get(HEADERS.v1Signature);
  if (header !== null && v1Header !== null) {
    throw malformed(
      `there are both ${HEADERS.signature} and ${HEADERS.v1Signature}, and one call takes one payment`,
    );
  }
  if (header !== null) {
    const { accepted, payload, extensions } = read(PaymentPayload, header, 2);
    return { version: 2, accepted, payload, extensions };
  }
  if (v1Header === null) return undefined;
  const { scheme, network, payload } = read(V1Payload, v1Header, 1);
  return { version: 1, scheme, network, payload };
}

type Schema<T> = {
  safeParse: (
    value: unknown,
  ) => { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[] }[] } };
};

function read<T>(schema: Schema<T>, header: string, version: number): T {
  if (header.length > MAX_HEADER_LENGTH) throw malformed("the header is too long");
  let json: unknown;
  try {
    json = decodeHeader(header);
  } catch {
    throw malformed("the header is not base64 of JSON");
  }
  const payload = schema.safeParse(json);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw malformed(
    `${issue?.path.join(".") || "the payload"} is missing or not what x402 version ${version} says`,
  );
}

/** A payment that cannot be read. */
export function malformed(detail: string): GatewayError {
  return new GatewayError("payment_malformed", { detail });
}
