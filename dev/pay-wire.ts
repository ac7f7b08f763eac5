/** What `pay` says and returns, and how it reads it out of an answer. */
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import * as z from "zod/mini";
import type { Balances } from "./balances.ts";

/** The terms the client chose among those offered. */
export interface Offer {
  scheme: string;
  network: string;
  asset: string;
  /** Price in atomic units. */
  amount: string;
  payTo: string;
  /** Name of the token, where the offer says it. */
  token?: string;
}

const authorization = z.object({
  from: z.string(),
  to: z.string(),
  value: z.string(),
  validAfter: z.string(),
  validBefore: z.string(),
  nonce: z.string(),
});

/** What the payer's signature allows. */
export type Authorization = z.infer<typeof authorization>;

/** What `PAYMENT-RESPONSE` says. */
export type Receipt = ReturnType<typeof decodePaymentResponseHeader>;

/** The answer to the call, after payment if there was one. */
export interface Answer {
  status: number;
  /** The start of the body, 2 kB of it. */
  body: string;
  /** There was more of it. */
  truncated: boolean;
  /** Where a redirect points. */
  location?: string;
}

/** One step of a paid call. */
export type PayStep =
  | { step: "offer"; offer: Offer }
  | { step: "balances"; when: "before" | "after"; balances: Balances }
  | { step: "signed"; authorization: Authorization }
  | { step: "answer"; answer: Answer }
  | { step: "receipt"; receipt: Receipt }
  | { step: "deferred"; reason: string }
  | { step: "refused"; reason: string };

const BODY_LIMIT = 2048;

/** Picks the terms out of the requirements the client chose. */
export function toOffer(chosen: Omit<Offer, "token"> & { extra?: Record<string, unknown> }): Offer {
  const { scheme, network, asset, amount, payTo, extra } = chosen;
  const token = extra?.name;
  return { scheme, network, asset, amount, payTo, ...(typeof token === "string" && { token }) };
}

/** The EIP-3009 authorization in a scheme payload; undefined for other ways to pay. */
export function readAuthorization(payload: Record<string, unknown>): Authorization | undefined {
  return authorization.safeParse(payload.authorization).data;
}

/** Reads an answer to its end, and keeps the start. */
export async function readAnswer(response: Response): Promise<Answer> {
  const decoder = new TextDecoder();
  let body = "";
  for await (const chunk of response.body ?? []) {
    if (body.length <= BODY_LIMIT) body += decoder.decode(chunk, { stream: true });
  }
  const truncated = body.length > BODY_LIMIT;
  const location = response.headers.get("location");
  return {
    status: response.status,
    body: body.slice(0, BODY_LIMIT),
    truncated,
    ...(location !== null && { location }),
  };
}

/** The receipt of an answer, and why a payment was refused, where it says so. */
export function readVerdict(response: Response): { receipt?: Receipt; refusal?: string } {
  const receipt = decode(response, "payment-response", decodePaymentResponseHeader);
  const required = decode(response, "payment-required", decodePaymentRequiredHeader);
  const reason = receipt?.success === false ? (receipt.errorReason ?? "settlement failed") : required?.error;
  const refusal =
    response.status === 402 || receipt?.success === false ? (reason ?? "no reason given") : undefined;
  return { ...(receipt && { receipt }), ...(refusal !== undefined && { refusal }) };
}

function decode<T>(response: Response, name: string, decoder: (header: string) => T): T | undefined {
  const header = response.headers.get(name);
  if (header === null) return undefined;
  try {
    return decoder(header);
  } catch {
    throw new Error(`The answer's ${name.toUpperCase()} header cannot be decoded: ${header.slice(0, 100)}`);
  }
}
