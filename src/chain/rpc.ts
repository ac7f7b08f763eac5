/**
 * The chain as a witness: a JSON-RPC node per network, asked only when a settlement was begun and not seen to end. What
 * its answers mean is told in `authorization.ts` and `permit.ts`; of a Solana transaction only its facilitator can tell.
 */
import * as z from "zod/mini";
import type { Emit } from "../core/events.ts";
import type { Spent } from "../core/payloads.ts";
import type { Chain, Spending } from "../core/ports.ts";
import { lookUpAuthorization } from "./authorization.ts";
import type { Call } from "./node.ts";
import { lookUpPermit } from "./permit.ts";

const Reply = z.object({
  result: z.optional(z.unknown()),
  error: z.optional(z.object({ message: z.string() })),
});

/** Asks the node of the payment's network; `unavailable` where there is none or it does not answer. */
export function rpcChain(urls: Record<string, string>, timeoutMs: number, emit: Emit): Chain {
  return {
    async lookUp(payment, since) {
      const url = urls[payment.requirements.network];
      if (url === undefined) return { kind: "unavailable" };
      try {
        return await lookUp(caller(url, AbortSignal.timeout(timeoutMs)), payment, since);
      } catch (error) {
        emit({
          event: "rpc_failed",
          level: "error",
          network: payment.requirements.network,
          error: String(error),
        });
        return { kind: "unavailable" };
      }
    },
  };
}

function lookUp(call: Call, payment: Spent, since: number): Promise<Spending> {
  const { scheme, requirements } = payment;
  if ("authorization" in scheme) return lookUpAuthorization(call, scheme, requirements, since);
  if ("permit2Authorization" in scheme)
    return lookUpPermit(call, scheme.permit2Authorization, payment, since);
  return Promise.resolve({ kind: "unavailable" });
}

function caller(url: string, signal: AbortSignal): Call {
  return async (method, params) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal,
    });
    const { result, error } = Reply.parse(await response.json());
    if (error || result === undefined)
      throw new Error(`${method}: ${error?.message.slice(0, 200) ?? "no result"}`);
    return result;
  };
}
