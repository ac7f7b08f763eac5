/**
 * What the client presents. Reads the payment of a request and checks everything that can be checked without asking
 * anyone: shape, equality with our own quote, amount, recipient, time window, and, for payers without code, the
 * signature. What comes out is a payment that is good for this call, its spend identity (what the chain allows once)
 * and its fingerprint (what it was presented for). `accepted`, `resource` and `from` of the client are claims until
 * compared; nothing here trusts them.
 *
 * A payment cannot be read → 400. It can, but does not pay for this call → 402 with the reason and fresh requirements.
 * One that is only too late goes on, marked `expired`: it cannot pay any more, but collect what it has paid for.
 */
import type { Call, Payment } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import { hash } from "../core/hash.ts";
import { Eip3009Payload } from "../core/payloads.ts";
import type { Clock } from "../core/ports.ts";
import {
  decodeHeader,
  HEADERS,
  PAYMENT_IDENTIFIER,
  PaymentIdentifier,
  PaymentPayload,
  type PaymentRequirements,
} from "../core/x402.ts";
import { checkTerms, checkTimeLeft, checkWindow, matchRequirements } from "./check.ts";
import { identifySigner } from "./signature.ts";

/** Longest payment header that is read, characters; the largest real ones are under 3,000. */
const MAX_HEADER_LENGTH = 8192;

/** Reads and checks the payment; undefined without one. @throws GatewayError `payment_malformed`, `payment_rejected` */
export type Present = (call: Call, accepts: PaymentRequirements[]) => Promise<Payment | undefined>;

/** Makes the room; `clock` tells the time window. */
export function makePresent(clock: Clock): Present {
  return async function present(call, accepts) {
    const header = call.request.headers.get(HEADERS.signature);
    if (header === null) return undefined;
    const payload = readPayload(header);

    const requirements = matchRequirements(accepts, payload.accepted);
    if (!requirements) throw challenge(call, accepts, "payment_rejected", "no_matching_requirements");
    const scheme = Eip3009Payload.safeParse(payload.payload);
    if (!scheme.success) throw malformed("the scheme payload is not an EIP-3009 authorization");

    const { authorization, signature } = scheme.data;
    const now = Math.floor(clock() / 1000);
    const refusal = checkTerms(authorization, requirements) ?? checkWindow(authorization, requirements, now);
    if (refusal) throw challenge(call, accepts, "payment_rejected", refusal);
    const signer = await identifySigner(scheme.data, requirements);
    if (signer === "forged")
      throw challenge(call, accepts, "payment_rejected", "invalid_exact_evm_signature");

    const { network, asset } = requirements;
    const from = authorization.from.toLowerCase();
    const id = readIdentifier(payload, call);
    const terms = [...identityOf(call), JSON.stringify(requirements), id ?? ""];
    const proven = signer === "proven";
    if (!proven && call.route.paymentIdentifier === "required") {
      throw malformed(
        "this call wants a payment identifier, and that takes a signature of a key, not of a wallet with code",
      );
    }
    const [spend, fingerprint, identifier] = await Promise.all([
      hash(network, asset.toLowerCase(), from, authorization.nonce.toLowerCase()),
      hash(...terms, signature.toLowerCase()),
      // A name counts for its own payer only, so that nobody can take another's.
      proven && id !== undefined ? identify(network, from, id, terms) : undefined,
    ]);
    const expired = checkTimeLeft(authorization, call.route.settleMarginSeconds, now);
    const validBefore = Number(authorization.validBefore);
    const signed = { version: 2 as const, scheme: scheme.data, payer: authorization.from, validBefore };
    return { ...signed, requirements, proven, expired, spend, fingerprint, identifier };
  };
}

function identityOf({ request, url }: Call): string[] {
  return [request.method, url.host, url.pathname, url.search];
}

/** The name a client gives to its purchase (extension `payment-identifier`), where the route takes one. */
function readIdentifier({ extensions }: PaymentPayload, { route }: Call): string | undefined {
  if (route.paymentIdentifier === "off") return undefined;
  const given = PaymentIdentifier.safeParse(extensions?.[PAYMENT_IDENTIFIER]);
  if (!given.success) throw malformed("the payment identifier is not 16 to 128 letters, digits, - or _");
  const id = given.data?.info.id;
  if (id === undefined && route.paymentIdentifier === "required") {
    throw malformed("this call wants a payment identifier (extension payment-identifier)");
  }
  return id;
}

async function identify(network: string, from: string, id: string, terms: string[]) {
  const [name, call] = await Promise.all([hash("payment-identifier", network, from, id), hash(...terms)]);
  return { name, call };
}

function readPayload(header: string): PaymentPayload {
  if (header.length > MAX_HEADER_LENGTH) throw malformed("the header is too long");
  let json: unknown;
  try {
    json = decodeHeader(header);
  } catch {
    throw malformed("the header is not base64 of JSON");
  }
  const payload = PaymentPayload.safeParse(json);
  if (payload.success) return payload.data;
  const [issue] = payload.error.issues;
  throw malformed(`${issue?.path.join(".") || "the payload"} is missing or not what x402 version 2 says`);
}

function malformed(detail: string): GatewayError {
  return new GatewayError("payment_malformed", { detail });
}
