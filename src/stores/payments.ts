/** The payment records (`docs/storage.md`): `{prefix}:verify:{spend}`. */
import * as z from "zod/mini";
import type { Admission } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { PaymentStore, RunScripts } from "../core/ports.ts";
import { Receipt } from "../core/x402.ts";
import { CHANGE, CLAIM } from "./scripts.ts";

const ClaimReply = z.tuple([z.string(), z.string()]);

/**
 * Payment records behind a connection; `prefix` is the first part of every key, `sessionKey` that of a session, if
 * sessions are kept behind the same connection.
 */
export function paymentStore(
  run: RunScripts,
  prefix: string,
  sessionKey?: (id: string) => string,
): PaymentStore {
  const key = (spend: string) => `${prefix}:verify:${spend}`;
  return {
    claim({ spend, fingerprint, owner, leaseMs, ttlMs, create, session }) {
      const beside = session && sessionKey ? [sessionKey(session.id)] : [];
      const args = [fingerprint, owner, String(leaseMs), String(ttlMs), create ? "1" : "0"];
      args.push(session?.group ?? "");
      const calls = [{ script: CLAIM, keys: [key(spend), ...beside], args }];
      return { run, calls, read: ([reply]) => toAdmission(reply) };
    },
    async change({ spend, owner, leaseMs, receipt }, change) {
      const { reason, transaction } = { reason: "", transaction: "", ...change };
      const paid = receipt ? JSON.stringify(receipt) : "";
      const args = [owner, change.to, String(leaseMs), paid, reason, transaction];
      const [reply] = await run([{ script: CHANGE, keys: [key(spend)], args }]);
      return Number(reply) === 1;
    },
  };
}

function toAdmission(reply: unknown): Admission {
  const parsed = ClaimReply.safeParse(reply);
  if (!parsed.success) throw new GatewayError("store_unavailable", { cause: "unexpected claim reply" });
  const [kind, detail] = parsed.data;
  switch (kind) {
    case "claimed":
    case "absent":
    case "conflict":
      return { kind };
    case "paid":
    case "used":
      return { kind, receipt: Receipt.parse(JSON.parse(detail)) };
    case "doubt":
      return { kind, since: Number(detail) };
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
