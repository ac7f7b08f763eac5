/**
 * Quotes that hold although the price changes. The requirement that a client is given carries a signature over itself, the
 * call it is for and its end; the client sends it back with its payment, and whoever gets it knows that this gateway has
 * asked for just that. Nothing is stored, so quotes cost nothing that anybody could use up.
 */
import type { Call } from "../core/call.ts";
import type { Clock } from "../core/events.ts";
import { makeMac } from "../core/mac.ts";
import type { Honoured } from "../core/quote.ts";
import type { PaymentRequirements } from "../core/x402.ts";

/** Name of the requirement's `extra` member: seconds since 1970 at which it ends, a dot, 64 hexadecimal digits. */
const MEMBER = "quote";
const SIGNED = /^(\d{1,12})\.([0-9a-f]{64})$/;

/** Signs quotes, and knows its own again. */
export type Signer = {
  sign: (
    call: Call,
    terms: string[],
    requirements: PaymentRequirements,
    ttlMs: number,
  ) => Promise<PaymentRequirements>;
  honour: (call: Call, terms: string[], accepted: PaymentRequirements) => Promise<Honoured | undefined>;
};

/** A signer; every instance with the secret honours the quotes of every other. */
export function makeSigner(secret: string, clock: Clock): Signer {
  const mac = makeMac("quote", secret);
  return {
    async sign(call, terms, requirements, ttlMs) {
      const ends = String(Math.ceil((clock() + ttlMs) / 1000));
      const seal = await mac.seal(messageOf(call, terms, requirements, ends));
      return { ...requirements, extra: { ...requirements.extra, [MEMBER]: `${ends}.${seal}` } };
    },
    async honour(call, terms, accepted) {
      const [, ends, seal] = SIGNED.exec(String(accepted.extra?.[MEMBER])) ?? [];
      if (ends === undefined || seal === undefined) return undefined;
      if (!(await mac.isSealed(messageOf(call, terms, accepted, ends), seal))) return undefined;
      return { requirements: accepted, late: Number(ends) * 1000 < clock() };
    },
  };
}

/** The client's copy may have its members in another order. */
function messageOf(call: Call, terms: string[], requirements: PaymentRequirements, ends: string) {
  const { request, url, route } = call;
  const { scheme, network, asset, amount, payTo, maxTimeoutSeconds, extra = {} } = requirements;
  const { [MEMBER]: _, ...own } = extra;
  const sorted = Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1));
  const asked = [scheme, network, asset, amount, payTo, maxTimeoutSeconds, sorted];
  const what = [route.key, request.method, url.host, url.pathname, url.search, terms, asked, ends];
  return JSON.stringify(what);
}
