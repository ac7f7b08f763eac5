/** What the scripts of payments answer, read like anything foreign. All throw GatewayError `store_unavailable`. */
import * as z from "zod/mini";
import type { Admission } from "../core/admission.ts";
import { GatewayError } from "../core/errors.ts";
import { Spent } from "../core/payloads.ts";
import type { Found } from "../core/ports.ts";
import { KeptAnswer, Receipt } from "../core/x402.ts";

const ClaimReply = z.tuple([z.string(), z.string(), z.string()]);
const TakeReply = z.tuple([z.string(), z.string(), z.string(), z.string()]);
const DueReply = z.array(z.string());

/** The payment that came under the same name before, if that is what stands in the way. */
export function twinOf(reply: unknown): string | undefined {
  const [kind, spend] = read(ClaimReply, reply);
  return kind === "twin" ? spend : undefined;
}

/** True when the name no longer stands in the way. */
export function isAgain(reply: unknown): boolean {
  return read(ClaimReply, reply)[0] === "again";
}

/** Payments that are due, the one that has waited longest first. */
export function toSpends(replies: unknown[]): string[] {
  const due = replies.flatMap((reply) => {
    const flat = read(DueReply, reply);
    return flat.flatMap((spend, i) => (i % 2 === 0 ? [{ spend, since: Number(flat[i + 1]) }] : []));
  });
  return due.sort((a, b) => a.since - b.since).map(({ spend }) => spend);
}

/** What the record says of a payment. */
export function toAdmission(reply: unknown): Admission {
  const [kind, detail, more] = read(ClaimReply, reply);
  if (kind === "credit") return { kind, balance: { left: Number(detail), endsAt: Number(more) } };
  const answer = more === "" || kind === "claimed" ? undefined : KeptAnswer.parse(JSON.parse(more));
  switch (kind) {
    case "claimed":
      return { kind, good: more === "1" };
    case "absent":
    case "conflict":
      return { kind };
    case "paid":
      return { kind, receipt: Receipt.parse(JSON.parse(detail)), answer };
    case "kept":
    case "used": {
      const receipt = Receipt.parse(JSON.parse(detail));
      return answer ? { kind: "kept", receipt, answer } : { kind: "used", receipt };
    }
    case "doubt":
      return { kind, ...toDoubt(detail), answer };
    case "session":
      return { kind, endsAt: Number(detail) };
    case "busy":
      return { kind, retryAfterMs: Number(detail) };
    case "failed":
      return { kind, reason: detail };
    default:
      throw new GatewayError("store_unavailable", { cause: `unexpected claim reply ${kind}` });
  }
}

/** What was found of a pending payment. */
export function toFound(reply: unknown): Found {
  const [kind, payment, detail, since] = read(TakeReply, reply);
  switch (kind) {
    case "owed":
      return { kind, receipt: Receipt.parse(JSON.parse(detail)), since: Number(since) };
    case "doubt": {
      if (payment === "") return { kind: "unreadable" };
      const { due: amount, ...when } = toDoubt(since);
      const spent = Spent.parse(JSON.parse(payment));
      return {
        kind,
        payment: { ...spent, ...(amount === undefined ? {} : { amount }) },
        reason: detail,
        ...when,
      };
    }
    case "busy":
    case "over":
      return { kind };
    default:
      return { kind: "gone" };
  }
}

/** When it was first claimed, and, behind a blank, what is to be charged for what was served. */
function toDoubt(text: string): { since: number; due: string | undefined } {
  const [since, due] = text.split(" ");
  return { since: Number(since), due };
}

function read<T>(schema: z.ZodMiniType<T>, reply: unknown): T {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  throw new GatewayError("store_unavailable", { cause: "unexpected reply about a payment" });
}
