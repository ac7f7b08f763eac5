/** What the probes send: a payment signed by the official client, and many requests at once. */
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { x402Client } from "@x402/fetch";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { payer } from "./accounts.ts";
import { limitsOf, type Seen } from "./probe-count.ts";

/** A payment for what an unpaid call of the URL is asked for. @throws if it is not asked for an x402 v2 payment */
export async function payFor(url: string, privateKey: Hex = payer.privateKey): Promise<string> {
  const response = await fetch(url, { redirect: "manual" }).catch((error: unknown) => {
    throw new Error(`No answer from ${new URL(url).origin}; is the gateway running?`, { cause: error });
  });
  await response.body?.cancel();
  const header = response.headers.get("payment-required");
  if (response.status !== 402 || header === null)
    throw new Error(`${url} asks for no payment: it answered ${response.status}, where 402 was expected.`);
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(privateKey)));
  return encodePaymentSignatureHeader(await client.createPaymentPayload(decodePaymentRequiredHeader(header)));
}

/** Sends `total` equal requests, at most `atOnce` at a time. @returns the answers in the order in which they came */
export async function sendMany(
  url: string,
  headers: Record<string, string>,
  { total, atOnce }: { total: number; atOnce: number },
): Promise<Seen[]> {
  const seen: Seen[] = [];
  let left = total;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      seen.push(await send(url, headers));
    }
  };
  await Promise.all(Array.from({ length: Math.min(total, atOnce) }, sender));
  return seen;
}

async function send(url: string, headers: Record<string, string>): Promise<Seen> {
  try {
    const response = await fetch(url, { headers, redirect: "manual" });
    const text = await response.text();
    const code = codeOf(text);
    const transaction = transactionOf(response);
    return {
      status: response.status,
      limits: limitsOf(response.headers),
      ...(code === undefined ? {} : { code }),
      ...(transaction === undefined ? {} : { transaction }),
    };
  } catch {
    return "lost";
  }
}

/** The `code` of a problem document, if it is one. */
function codeOf(text: string): string | undefined {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

function transactionOf(response: Response): string | undefined {
  const header = response.headers.get("payment-response");
  if (header === null) return undefined;
  try {
    return decodePaymentResponseHeader(header).transaction || undefined;
  } catch {
    return undefined;
  }
}
