/** A payer of a cluster: a payment, one attempt with it, and what a payer makes of the answer. */
import { randomBytes } from "node:crypto";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "viem";
import { payer } from "../../dev/accounts.ts";
import { type Requirements, sign } from "../fixtures/sign.ts";
import { ask } from "./ask.ts";

/** A signed payment; `id` is its nonce, and the query by which the upstream tells calls apart. */
export type Payment = { id: `0x${string}`; path: string; header: string };

/** What one attempt came to. `lost`: the connection went before the answer was whole. */
export type Outcome =
  | { kind: "served" }
  | { kind: "lost" }
  | { kind: "refused"; status: number; code: string; retryAfter: number | undefined };

/** Everything that one payer saw, to the end. */
export type Story = { payment: Payment; outcomes: Outcome[] };

type Answer = { status: number; retryAfter: number | undefined; text: string };

/** After a lost connection there is no Retry-After to go by. */
const RECONNECT_SECONDS = 0.2;

export async function signPaymentFor(
  route: string,
  requirements: Requirements,
  privateKey: Hex = payer.privateKey,
): Promise<Payment> {
  const id = `0x${randomBytes(32).toString("hex")}` as const;
  const header = await sign(requirements, { privateKey, authorization: { nonce: id } });
  return { id, path: `${route}?payment=${id}`, header };
}

/** Makes the call once. */
export async function present(url: string, { id, path, header }: Payment): Promise<Outcome> {
  const answer = await get(url + path, { "payment-signature": header }).catch(() => undefined);
  if (answer === undefined) return { kind: "lost" };
  const body = JSON.parse(answer.text) as { answer?: { to: string }; code?: string };
  if (answer.status === 200 && body.answer?.to === id) return { kind: "served" };
  return { kind: "refused", status: answer.status, code: body.code ?? "", retryAfter: answer.retryAfter };
}

/** @throws when the answer is not whole */
async function get(url: string, headers: Record<string, string>): Promise<Answer> {
  const response = await ask(url, headers);
  const seconds = response.headers["retry-after"];
  return {
    status: response.statusCode ?? 0,
    retryAfter: seconds === undefined ? undefined : Number(seconds),
    text: await readText(response),
  };
}

/** Presents the payment, to whichever instance `url` names next, until an answer is final. */
export async function presentUntilFinal(url: () => string, story: Story): Promise<void> {
  for (;;) {
    const outcome = await present(url(), story.payment);
    story.outcomes.push(outcome);
    const wait = waitOf(outcome);
    if (wait === undefined) return;
    await sleep(wait * 1000);
  }
}

/** Seconds until a payer tries again; none when the answer is final. */
function waitOf(outcome: Outcome): number | undefined {
  if (outcome.kind === "lost") return RECONNECT_SECONDS;
  if (outcome.kind === "served") return undefined;
  const { status, code, retryAfter } = outcome;
  return status === 503 || code === "payment_in_progress" ? retryAfter : undefined;
}
