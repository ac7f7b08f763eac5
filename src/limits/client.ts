/** Who is counted. Until a payer is proven, a client is its address: everything else it could make up. */
import type { Call } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import { toCountedAddress } from "../core/ip.ts";
import type { LimitKey } from "../core/limit.ts";
import { readCookies } from "../core/session.ts";

/**
 * The client of a call under a limit, with its kind, so that no address can pass for a payer. `address` is who is counted
 * where the payer had a part in it and turns out not to be the one who calls.
 * @throws GatewayError `internal_error` when the configuration's function throws
 */
export function clientOf(
  key: LimitKey,
  call: Call,
  payer: string | undefined,
): { client: string; address: string; byPayer: boolean } {
  const counted = toCountedAddress(call.clientAddress);
  const [kind, value] = identify(key, call, payer, counted);
  const address = `address:${counted}`;
  const byPayer = payer !== undefined && (key === "payer" || typeof key === "function");
  return { client: value ? `${kind}:${value}` : address, address, byPayer };
}

function identify(
  key: LimitKey,
  { request, params, route }: Call,
  payer: string | undefined,
  address: string,
): [kind: string, value: string | null | undefined] {
  if (key === "address") return ["address", address];
  if (key === "payer") return ["payer", payer];
  if (typeof key === "function") {
    try {
      const value: unknown = key({ request, params, address, payer });
      return ["function", value === undefined || value === null ? undefined : String(value)];
    } catch (cause) {
      throw new GatewayError("internal_error", { cause: `${route.key}: rateLimit.key threw ${cause}` });
    }
  }
  if ("header" in key) return [`header ${key.header.toLowerCase()}`, request.headers.get(key.header)];
  return [`cookie ${key.cookie}`, readCookies(request.headers).get(key.cookie)];
}
