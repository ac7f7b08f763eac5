/** The payment records (`docs/storage.md`): `{prefix}:verify:{spend}`, and what leads to them. */
import type { Admission } from "../core/call.ts";
import type { PaymentStore, PendingStore } from "../core/ports.ts";
import type { RunScripts, ScriptCall } from "../core/stores.ts";
import { CHANGE } from "./change-script.ts";
import type { Counters } from "./counters.ts";
import { toAdmission, toFound, toSpends, twinOf } from "./payment-replies.ts";
import { DUE, TAKE } from "./pending-scripts.ts";
import { CLAIM } from "./scripts.ts";

/** The index is in parts, so that payments do not wait for each other where keys are locked. */
const PARTS = [..."0123456789abcdef"];
/** What is owed is looked at again after this, ms. */
const OWED_AGAIN_MS = 3600_000;

type Claiming = Parameters<PaymentStore["claim"]>[0];

/** How keys are named, and what rides along. */
export type PaymentOptions = {
  /** First part of every key. */
  prefix: string;
  /** Key of a session, if sessions are kept behind the same connection. */
  sessionKey?: ((id: string) => string) | undefined;
  /** What goes along with writes that nobody waits for. */
  counters?: Pick<Counters, "take" | "putBack"> | undefined;
};

/** Payment records behind a connection, and the index of those that were not brought to an end. */
export function paymentStore(
  run: RunScripts,
  { prefix, sessionKey, counters }: PaymentOptions,
): PaymentStore & PendingStore {
  const record = (spend: string) => `${prefix}:verify:${spend}`;
  const index = (spend: string) => `${prefix}:pending:${spend.slice(0, 1)}`;

  function claimCall(claiming: Claiming, renamed: "" | "1"): ScriptCall {
    const { spend, fingerprint, owner, leaseMs, ttlMs, create, session, identifier, payment } = claiming;
    const beside = session && sessionKey ? [sessionKey(session.id)] : [];
    const named = identifier ? [`${prefix}:pid:${identifier.name}`] : [];
    const group = beside.length > 0 ? (session?.group ?? "") : "";
    const args = [fingerprint, owner, String(leaseMs), String(ttlMs), create ? "1" : "0", group];
    args.push(payment ? JSON.stringify(payment) : "", spend, identifier?.call ?? "", renamed);
    return { script: CLAIM, keys: [record(spend), index(spend), ...beside, ...named], args };
  }

  /** Another payment came under this name before: what became of that one is the answer. */
  async function claimTwin(claiming: Claiming, spend: string): Promise<Admission> {
    const { identifier: _, ...rest } = claiming;
    const twin = { ...rest, identifier: undefined, spend, fingerprint: "", create: false };
    const admission = toAdmission((await run([claimCall(twin, "")]))[0]);
    switch (admission.kind) {
      case "absent":
      case "failed":
        return toAdmission((await run([claimCall(claiming, "1")]))[0]);
      case "paid":
        return { ...admission, spend };
      case "doubt":
        // Only the payment that is in doubt can end it.
        await store.change({ ...claiming, spend, receipt: undefined }, { to: "abandoned" });
        return { kind: "busy", retryAfterMs: 2000 };
      default:
        return admission;
    }
  }

  const store: PaymentStore & PendingStore = {
    claim: (claiming) => ({
      run,
      calls: [claimCall(claiming, "")],
      read: ([reply]) => {
        const twin = twinOf(reply);
        return twin === undefined ? toAdmission(reply) : claimTwin(claiming, twin);
      },
    }),
    async change({ spend, owner, leaseMs, receipt }, change) {
      const { reason, transaction } = { reason: "", transaction: "", ...change };
      const kept = "kept" in change ? change.kept : undefined;
      const ms = kept?.forMs ?? ("goodMs" in change ? change.goodMs : 0) ?? 0;
      const args = [owner, change.to, String(leaseMs), receipt ? JSON.stringify(receipt) : ""];
      args.push(reason, transaction, spend, kept ? JSON.stringify(kept.answer) : "", String(ms));
      const counted = counters?.take();
      const call = { script: CHANGE, keys: [record(spend), index(spend)], args };
      const [reply] = await run(counted ? [call, counted] : [call]).catch((error: unknown) => {
        if (counted) counters?.putBack(counted);
        throw error;
      });
      return Number(reply) === 1;
    },
    async due(limit) {
      const calls = PARTS.map((part) => ({ script: DUE, keys: [index(part)], args: [String(limit)] }));
      const replies = await run(calls);
      return replies.flatMap(toSpends).slice(0, limit);
    },
    async take({ spend, owner, leaseMs }) {
      const args = [owner, String(leaseMs), spend, String(OWED_AGAIN_MS)];
      const [reply] = await run([{ script: TAKE, keys: [record(spend), index(spend)], args }]);
      return toFound(reply);
    },
  };
  return store;
}
