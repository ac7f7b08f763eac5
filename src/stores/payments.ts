/** The payment records (`docs/storage.md`): `{prefix}:verify:{spend}`. */
import * as z from "zod/mini";
import type { Admission } from "../core/call.ts";
import { GatewayError } from "../core/errors.ts";
import type { PaymentStore } from "../core/ports.ts";
import { Receipt } from "../core/x402.ts";
import type { RunScripts } from "./redis.ts";
import { CHANGE, CLAIM } from "./scripts.ts";

const ClaimReply = z.tuple([z.string(), z.string()]);

/** Payment records behind a connection; `prefix` is the first part of every key. */
export function paymentStore(run: RunScripts, prefix: string): PaymentStore {
  const key = (spend: string) => `${prefix}:verify:${spend}`;
  return {
    async claim({ spend, fingerprint, owner, leaseMs, ttlMs, create }) {
      const args = [fingerprint, owner, String(leaseMs), String(ttlMs), create ? "1" : "0"];
      const [reply] = await run([{ script: CLAIM, keys: [key(spend)], args }]);
      return toAdmission(reply);
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
    case "busy":
      return { kind, retryAfterMs: Number(detail) };
    case "failed":
      return { kind, reason: detail };
    default:
      throw new GatewayError("store_unavailable", { cause: `unexpected claim reply ${kind}` });
  }
}
