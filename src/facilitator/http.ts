/**
 * The facilitator over HTTP (x402 v2 spec, section 7): `/verify` asks whether a payment would settle, `/settle` moves
 * the money. Replies are parsed like foreign input. What decides whether a failed settlement is `failed` or `unknown`
 * is one question: may a transaction be on its way? Anything but a clear no is `unknown`.
 */
import { BAZAAR } from "../core/bazaar.ts";
import type { Payment } from "../core/call.ts";
import type { FacilitatorMap } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import type { Emit } from "../core/events.ts";
import type { Facilitator, Settlement } from "../core/ports.ts";
import { outputSchemaOf, toV1 } from "../core/v1.ts";
import { SettleResponse, VerifyResponse } from "../core/x402.ts";
import { ask } from "./ask.ts";
import { parseSettlement } from "./outcome.ts";
import { isPayer, publicReason } from "./reply.ts";

/** A facilitator that asks the URL of the payment's network. */
export function httpFacilitator(
  { default: fallback, chains, timeoutMs }: FacilitatorMap,
  emit: Emit,
): Facilitator {
  function post(endpoint: "verify" | "settle", payment: Payment, amount?: string) {
    const url = `${chains[payment.requirements.network] ?? fallback}/${endpoint}`;
    return ask(url, timeoutMs, bodyOf(payment, amount));
  }

  return {
    async verify(payment) {
      const reply = await post("verify", payment).catch((cause) => {
        throw unavailable(cause);
      });
      const verdict = VerifyResponse.safeParse(reply.body);
      if (!verdict.success) throw unavailable(`verify answered ${reply.status} without a verdict`);
      const { isValid, invalidReason, payer } = verdict.data;
      if (!isValid) return { valid: false, reason: publicReason(invalidReason) };
      if (reply.status !== 200) throw unavailable(`verify answered ${reply.status} with isValid`);
      if (isPayer(payment, payer)) return { valid: true, ...(payer ? { payer } : {}) };
      emit({ event: "facilitator_payer_mismatch", level: "error", endpoint: "verify" });
      return { valid: false, reason: "payer_mismatch" };
    },

    async settle(payment, amount) {
      let settlement: Settlement;
      try {
        const { status, body } = await post("settle", payment, amount);
        const reply = SettleResponse.safeParse(body);
        settlement = parseSettlement(payment, status, reply.success ? reply.data : undefined, amount);
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

/**
 * What is sent: only what was checked, for a field we do not know might make the facilitator settle something else. What
 * the client signed for stays as it was; `amount` is what is charged of it. What a catalogue is told is ours.
 */
function bodyOf(payment: Payment, amount?: string): unknown {
  const { version, scheme: payload, requirements, resource: url, told } = payment;
  const charged = amount === undefined ? requirements : { ...requirements, amount };
  if (version === 1) {
    const outputSchema = outputSchemaOf(told?.extensions[BAZAAR]);
    const paymentRequirements = toV1(charged, { ...told?.resource, url, outputSchema });
    const { scheme, network } = paymentRequirements;
    return {
      x402Version: 1,
      paymentPayload: { x402Version: 1, scheme, network, payload },
      paymentRequirements,
    };
  }
  const paymentPayload = { x402Version: 2, ...told, accepted: requirements, payload };
  return { x402Version: 2, paymentPayload, paymentRequirements: charged };
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError("facilitator_unavailable", { headers: { "retry-after": "2" }, cause });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "error";
}
