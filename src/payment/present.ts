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
import { toldOf } from "../core/bazaar.ts";
import type { Call, Payment } from "../core/call.ts";
import { challenge } from "../core/challenge.ts";
import { GatewayError } from "../core/errors.ts";
import type { Clock } from "../core/events.ts";
import { hash } from "../core/hash.ts";
import { toCaip2 } from "../core/networks.ts";
import type { Kinds } from "../core/ports.ts";
import { PAYMENT_IDENTIFIER, PaymentIdentifier, type PaymentRequirements } from "../core/x402.ts";
import { match } from "./match.ts";
import { malformed, type Presented, readPayment } from "./read.ts";

/** Reads and checks the payment; undefined without one. @throws GatewayError `payment_malformed`, `payment_rejected` */
export type Present = (call: Call, accepts: PaymentRequirements[]) => Promise<Payment | undefined>;

/** Makes the room; `clock` tells the time window. */
export function makePresent(clock: Clock, { names }: Pick<Kinds, "names">): Present {
  return async function present(call, accepts) {
    const presented = readPayment(call.request);
    if (!presented) return undefined;
    const { route, url } = call;
    const times = { now: Math.floor(clock() / 1000), margin: route.settleMarginSeconds };
    const matched = await match(presented, accepts, times, names, call.quoted?.honour);
    if (matched === undefined) throw malformed("the scheme payload is not what the requirements ask for");
    if (typeof matched === "string") throw refusal(matched, presented, call, accepts);

    const { requirements, signed } = matched;
    const { once, signature, ...known } = signed;
    const id = readIdentifier(presented, call);
    const terms = [...identityOf(call), JSON.stringify(requirements), id ?? ""];
    if (!known.proven && route.paymentIdentifier === "required") {
      throw malformed(
        "this call wants a payment identifier, and that takes a signature that can be checked here",
      );
    }
    const { network } = requirements;
    const [spend, fingerprint, identifier] = await Promise.all([
      hash(network, ...once),
      hash(...terms, signature),
      // A name counts for its own payer only, so that nobody can take another's.
      known.proven && id !== undefined
        ? identify(network, (known.payer ?? "").toLowerCase(), id, terms)
        : undefined,
    ]);
    const { version } = presented;
    const resource = url.origin + url.pathname;
    return { version, ...known, resource, told: toldOf(call), requirements, spend, fingerprint, identifier };
  };
}

/** Why it does not pay. An offer that is missing because its facilitator does not answer may be the one it was signed for. */
function refusal(
  reason: string,
  presented: Presented,
  call: Call,
  accepts: PaymentRequirements[],
): GatewayError {
  const wanted = presented.version === 2 ? presented.accepted : presented;
  const offered = (offers: { scheme: string; network: string }[]) =>
    offers.some(({ scheme, network }) => scheme === wanted.scheme && network === toCaip2(wanted.network));
  const missing = offered(call.route.offers) && !offered(accepts);
  if (!missing) return challenge(call, accepts, "payment_rejected", reason);
  return new GatewayError("facilitator_unavailable", {
    headers: { "retry-after": "2" },
    cause: "the offer that was accepted is not complete",
  });
}

function identityOf({ request, url, quoted }: Call): string[] {
  return [request.method, url.host, url.pathname, url.search, ...(quoted?.terms ?? [])];
}

/** The name a client gives to its purchase (extension `payment-identifier`), where the route takes one. */
function readIdentifier(presented: Presented, { route }: Call): string | undefined {
  if (route.paymentIdentifier === "off") return undefined;
  const extensions = presented.version === 2 ? presented.extensions : undefined;
  const given = PaymentIdentifier.safeParse(extensions?.[PAYMENT_IDENTIFIER]);
  if (!given.success) throw malformed("the payment identifier is not 16 to 128 letters, digits, - or _");
  const id = given.data?.info.id;
  if (id === undefined && route.paymentIdentifier === "required") {
    throw malformed("this call wants a payment identifier (extension payment-identifier of x402 version 2)");
  }
  return id;
}

async function identify(network: string, from: string, id: string, terms: string[]) {
  const [name, call] = await Promise.all([hash("payment-identifier", network, from, id), hash(...terms)]);
  return { name, call };
}
