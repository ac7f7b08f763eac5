/**
 * Presenting a payment, and what its answer means. Only what the gateway says for certain ends a payment: that it was
 * refused, or that it has bought its answer. After anything else the same payment is presented again, which cannot
 * charge twice.
 */
import type { Requirements } from "../src/paywall/data.ts";
import { decode, type Payment } from "./payment.ts";

/** What became of it. */
export type Outcome =
  /** `served`: the answer is what was paid for; otherwise the payment may still collect one. */
  | { kind: "answer"; response: Response; served: boolean }
  /** Nothing was charged, and nothing will be. */
  | { kind: "refused"; why: string; accepts: Requirements[] }
  /** It has bought its answer already. */
  | { kind: "spent"; why: string; response: Response }
  /** It has to be presented again: by itself after so many seconds, or when the visitor says so. */
  | { kind: "open"; why: string; seconds: number | undefined };

const REFUSED: Record<string, string> = {
  insufficient_funds: "there is not enough money in the account",
  no_matching_requirements: "the price has changed meanwhile",
  invalid_exact_evm_payload_authorization_valid_before: "the wallet took too long",
  invalid_exact_evm_signature: "the wallet has signed something else",
};
/** Longer than this nobody waits for a page to go on by itself. */
const PATIENCE_SECONDS = 30;

/** Presents it once. Never throws. */
export async function present({ header }: Payment, accept: string): Promise<Outcome> {
  try {
    // Without the browser's cache: that goes on reading for a page that is gone, and the gateway would take the answer for
    // delivered. What a browser then asks of every other cache is not meant.
    const headers = { accept, "payment-signature": header, "cache-control": "no-transform" };
    return await read(await fetch(location.href, { headers, credentials: "same-origin", cache: "no-store" }));
  } catch {
    return { kind: "open", why: "The answer was lost on the way.", seconds: 2 };
  }
}

async function read(response: Response): Promise<Outcome> {
  const { headers, status, ok, redirected } = response;
  // Nobody but the gateway can say this: it takes the field off what comes from behind it.
  const required = decode(headers.get("payment-required"));
  const { code, title, hint, reason } = await problemOf(response);
  if (!code) return { kind: "answer", response, served: ok };
  // What is said there is about another call; the one that was paid for has answered, and pointed to it.
  if (redirected)
    return { kind: "spent", why: `It is paid, and the answer points to ${response.url}.`, response };
  if (status === 402 && required) {
    if (!reason) return { kind: "open", why: "The gateway has not seen the payment.", seconds: undefined };
    // Perhaps on this very call, and longer ago than the gateway remembers.
    if (reason === "authorization_spent_elsewhere")
      return {
        kind: "spent",
        why: "The chain says that this payment is spent. Look into your wallet.",
        response,
      };
    const why = `The payment was refused: ${REFUSED[String(reason)] ?? reason}. Nothing was charged.`;
    return { kind: "refused", why, accepts: Array.isArray(required.accepts) ? required.accepts : [] };
  }
  const why = `${title} ${hint ?? ""}`;
  if (code === "payment_malformed") return { kind: "refused", why, accepts: [] };
  if (code === "payment_already_used" || code === "payment_conflict")
    return { kind: "spent", why: String(title), response };
  const waits = code === "payment_in_progress" || status === 429 || status >= 500;
  const seconds = Number(headers.get("retry-after")) || 3;
  return { kind: "open", why, seconds: waits && seconds <= PATIENCE_SECONDS ? seconds : undefined };
}

/** The gateway's problem document; without one, nothing. */
async function problemOf(response: Response): Promise<Record<string, unknown>> {
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return {};
  try {
    const problem = await response.clone().json();
    return String(problem.type).startsWith("urn:tollbooth:error:") ? problem : {};
  } catch {
    return {};
  }
}
