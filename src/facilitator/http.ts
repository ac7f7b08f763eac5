/**
 * The facilitator over HTTP (x402 v2 spec, section 7): `/verify` asks whether a payment would settle, `/settle` moves
 * the money. Replies are parsed like foreign input. What decides whether a failed settlement is `failed` or `unknown`
 * is one question: may a transaction be on its way? Anything but a clear no is `unknown`.
 */
import type { Payment } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { Emit, Facilitator, Settlement } from "../core/ports.ts";
import type { FacilitatorMap } from "../core/route.ts";
import { SettleResponse, VerifyResponse } from "../core/x402.ts";
import { parseSettlement } from "./outcome.ts";
import { isPayer, publicReason } from "./reply.ts";

/** Longest reply that is read, bytes; honest ones are under 4 kB. */
const MAX_REPLY_BYTES = 65_536;

type Reply = { status: number; body: unknown };

/** A facilitator that asks the URL of the payment's network. */
export function httpFacilitator(
  { default: fallback, chains, timeoutMs }: FacilitatorMap,
  emit: Emit,
): Facilitator {
  async function ask(endpoint: "verify" | "settle", { scheme, requirements }: Payment): Promise<Reply> {
    const url = `${chains[requirements.network] ?? fallback}/${endpoint}`;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      // Only what was checked: a field we do not know might make the facilitator settle something else.
      body: JSON.stringify({
        x402Version: 2,
        paymentPayload: { x402Version: 2, accepted: requirements, payload: scheme },
        paymentRequirements: requirements,
      }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readAtMost(response, MAX_REPLY_BYTES);
    return { status: response.status, body: parseJson(text) };
  }

  return {
    async verify(payment) {
      const reply = await ask("verify", payment).catch((cause) => {
        throw unavailable(cause);
      });
      const verdict = VerifyResponse.safeParse(reply.body);
      if (!verdict.success) throw unavailable(`verify answered ${reply.status} without a verdict`);
      const { isValid, invalidReason, payer } = verdict.data;
      if (!isValid) return { valid: false, reason: publicReason(invalidReason) };
      if (reply.status !== 200) throw unavailable(`verify answered ${reply.status} with isValid`);
      if (isPayer(payment, payer)) return { valid: true };
      emit({ event: "facilitator_payer_mismatch", level: "error", endpoint: "verify" });
      return { valid: false, reason: "payer_mismatch" };
    },

    async settle(payment) {
      let settlement: Settlement;
      try {
        const { status, body } = await ask("settle", payment);
        const reply = SettleResponse.safeParse(body);
        settlement = parseSettlement(payment, status, reply.success ? reply.data : undefined);
      } catch (error) {
        settlement = { kind: "unknown", reason: `facilitator_${nameOf(error)}` };
      }
      if (settlement.kind === "unknown") {
        emit({
          event: "settlement_unknown",
          level: "error",
          reason: settlement.reason,
          spend: payment.spend,
        });
      }
      return settlement;
    },
  };
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError("facilitator_unavailable", { headers: { "retry-after": "2" }, cause });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "error";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readAtMost(response: Response, limit: number): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw new RangeError("the facilitator's reply is too long");
    }
    text += decoder.decode(value, { stream: true });
  }
}
