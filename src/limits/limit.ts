/**
 * Rate limits. A call that would go on to the upstream is counted under each limit of its route, in the one request
 * that admits it; one that is answered before (no payment, a wrong signature) costs nobody anything and is not
 * counted. Any limit that is used up refuses the call. Refused calls are noted in the background; enough of them are a
 * ban.
 *
 * The answer says what is left, in the fields of draft-ietf-httpapi-ratelimit-headers-10.
 */
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { about, type Emit } from "../core/events.ts";
import type { RateLimit } from "../core/limit.ts";
import type { Allowance, Batch, Limiter } from "../core/stores.ts";
import { clientOf } from "./client.ts";

/** The answer's fields, and the refusal if one limit is used up. */
export type Limited = { headers: Record<string, string>; refusal: GatewayError | undefined };

/**
 * Puts the call's limits to a batch; the function it gives back waits for the replies. `payer` is proven.
 * @throws GatewayError `store_unavailable` from that function, unless the route lets calls through then
 */
export type Limit = (
  call: Call,
  payer: Payer | undefined,
  batch: Pick<Batch, "add">,
) => Promise<() => Promise<Limited>>;

/** Who has signed a payment, and the hash of what it spends: a payer is counted only for payments that are new. */
export type Payer = { address: string; spend: string };

type Counted = { limit: RateLimit; allowance: Promise<Allowance> };
type Known = { limit: RateLimit; allowance: Allowance };

/** Makes the room. */
export function makeLimit(limiter: Limiter, emit: Emit): Limit {
  return async function limit(call, payer, batch) {
    const counted = await Promise.all(
      call.route.limits.map(async (limit): Promise<Counted> => {
        const { client, address, byPayer } = clientOf(limit.key, call, payer?.address);
        const otherwise = byPayer && payer ? { spend: payer.spend, client: address } : undefined;
        const question = await limiter.count(limit, scopeOf(call, limit), client, otherwise);
        return { limit, allowance: batch.add(question) };
      }),
    );
    return async () => {
      const answers = await Promise.all(counted.map((one) => wait(one, call, emit)));
      const known = answers.filter((answer) => answer !== undefined);
      const refused = known.filter(({ allowance }) => !allowance.allowed);
      for (const { limit, allowance } of refused) {
        if (limit.ban && !allowance.banned)
          call.waitUntil(strike(limiter, call, limit, allowance.client, emit));
      }
      return { headers: fieldsOf(known), refusal: refusalOf(refused) };
    };
  };
}

function scopeOf({ route }: Call, { name }: RateLimit): string {
  return `${route.key}:${name}`;
}

async function wait({ allowance, ...counted }: Counted, call: Call, emit: Emit): Promise<Known | undefined> {
  try {
    return { ...counted, allowance: await allowance };
  } catch (error) {
    if (call.route.onStoreError === "deny") throw error;
    emit({ event: "rate_limit_skipped", level: "warn", ...about(call), error: String(error) });
    return undefined;
  }
}

async function strike(
  limiter: Limiter,
  call: Call,
  limit: RateLimit,
  client: string,
  emit: Emit,
): Promise<void> {
  await limiter.strike(limit, scopeOf(call, limit), client).catch((error: unknown) => {
    emit({ event: "rate_limit_strike_failed", level: "warn", ...about(call), error: String(error) });
  });
}

function fieldsOf(known: Known[]): Record<string, string> {
  if (known.length === 0) return {};
  const policies = known.map(
    ({ limit }) => `"${limit.name}";q=${limit.requests};w=${Math.ceil(limit.windowMs / 1000)}`,
  );
  const states = known.map(
    ({ limit, allowance }) => `"${limit.name}";r=${allowance.remaining};t=${toSeconds(allowance.resetMs)}`,
  );
  return { "ratelimit-policy": policies.join(", "), ratelimit: states.join(", ") };
}

function refusalOf(violated: Known[]): GatewayError | undefined {
  if (violated.length === 0) return undefined;
  const seconds = Math.max(1, ...violated.map(({ allowance }) => toSeconds(allowance.resetMs)));
  const banned = violated.some(({ allowance }) => allowance.banned);
  return new GatewayError("rate_limited", {
    ...(banned ? { detail: "Shut out for a time, after too many refused calls." } : {}),
    headers: { "retry-after": String(seconds) },
    members: { "violated-policies": violated.map(({ limit }) => limit.name) },
  });
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
