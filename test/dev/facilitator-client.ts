import type { Payment } from "../../dev/payment.ts";

/** Asks a facilitator as a resource server does. */
export async function ask(url: string, endpoint: "verify" | "settle", payment: Payment) {
  const { accepted: paymentRequirements } = payment;
  const response = await fetch(`${url}/${endpoint}`, {
    method: "POST",
    body: JSON.stringify({ x402Version: 2, paymentPayload: payment, paymentRequirements }),
  });
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
}
