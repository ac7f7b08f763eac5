/** The payment records (`docs/storage.md`): `{prefix}:verify:{spend}`, and what leads to them. */
import type { Admission } from "../core/admission.ts";
import type { PaymentChange, PaymentStore, PendingStore } from "../core/ports.ts";
import type { RunScripts, ScriptCall } from "../core/stores.ts";
import { CHANGE } from "./change-script.ts";
import { creditKeys } from "./credits.ts";
import { type Book, onItsDay } from "./ledger-keys.ts";
import { isAgain, toAdmission, toFound, toSpends, twinOf } from "./payment-replies.ts";
import { DUE, pendingKey, pendingKeys, TAKE } from "./pending-scripts.ts";
import { CLAIM } from "./scripts.ts";
import { sessionKey } from "./sessions.ts";
import type { RidingTally } from "./tally.ts";
import { TWIN } from "./twin-script.ts";

/** What is owed is looked at again after this, ms. */
const OWED_AGAIN_MS = 3600_000;
/** More is to be written of such a payment, and counted. */
const GOES_ON: ReadonlySet<string> = new Set<PaymentChange["to"]>(["settled", "renewed", "due", "kept"]);

type Claiming = Parameters<PaymentStore["claim"]>[0];

/** How keys are named, and what rides along. */
export type PaymentOptions = {
  /** First part of every key. */
  prefix: string;
  /** First part of the keys of sessions and credits, if they are kept behind the same connection. */
  besidePrefix?: string | undefined;
  /** Goes along with the last words on payments, for which nobody waits. */
  tally?: Pick<RidingTally, "take" | "putBack"> | undefined;
  /** Where receipts are entered; without one they are not. */
  book?: Book | undefined;
};

/** The key of a payment's record. */
export function recordKey(prefix: string, spend: string): string {
  return `${prefix}:verify:${spend}`;
}

/** Payment records behind a connection, and the index of those that were not brought to an end. */
export function paymentStore(
  run: RunScripts,
  { prefix, besidePrefix, tally, book }: PaymentOptions,
): PaymentStore & PendingStore {
  const record = (spend: string) => recordKey(prefix, spend);
  const index = (spend: string) => pendingKey(prefix, spend);

  const beside = creditKeys(besidePrefix ?? "");
  const named = (name: string) => `${prefix}:pid:${name}`;

  function claimCall(claiming: Claiming): ScriptCall {
    const { spend, fingerprint, owner, leaseMs, ttlMs, create, identifier, payment, sold } = claiming;
    const { session, credit } = (besidePrefix !== undefined && claiming.instead) || {};
    const keys = [record(spend), index(spend)];
    if (credit) keys.push(beside.account(credit.id), beside.draw(credit.draw));
    else if (session) keys.push(sessionKey(besidePrefix ?? "", session.id));
    if (identifier) keys.push(named(identifier.name));
    const args = [
      fingerprint,
      owner,
      String(leaseMs),
      String(ttlMs),
      create ? "1" : "0",
      (credit ?? session)?.group ?? "",
    ];
    args.push(
      payment ? JSON.stringify(payment) : "",
      spend,
      identifier?.call ?? "",
      String(credit?.knownMs ?? ""),
      sold ? `${sold.decimals} ${sold.symbol} ${sold.route}` : "",
    );
    return { script: CLAIM, keys, args };
  }

  async function toClaimed(claiming: Claiming, reply: unknown, rounds = 3): Promise<Admission> {
    const spend = twinOf(reply);
    const { identifier } = claiming;
    if (spend === undefined || !identifier) return toAdmission(reply);
    const twin = await askTwin(claiming, identifier, spend);
    if (twin) return twin;
    if (rounds === 0) return { kind: "busy", retryAfterMs: 1000 };
    const [again] = await run([claimCall(claiming)]);
    return toClaimed(claiming, again, rounds - 1);
  }

  /** Another payment came under this name before: what became of that one is the answer; none if nothing did. */
  async function askTwin(
    by: Claiming,
    { name, call }: NonNullable<Claiming["identifier"]>,
    spend: string,
  ): Promise<Admission | undefined> {
    const args = [by.owner, String(by.leaseMs), call, spend];
    try {
      const [reply] = await run([{ script: TWIN, keys: [named(name), record(spend)], args }]);
      if (isAgain(reply)) return undefined;
      const admission = toAdmission(reply);
      return admission.kind === "paid" ? { ...admission, spend } : admission;
    } catch (error) {
      // It may have been taken in hand, and nobody would give it back.
      await store.change({ ...by, spend, name, receipt: undefined }, { to: "abandoned" }).catch(() => false);
      throw error;
    }
  }

  const store: PaymentStore & PendingStore = {
    claim: (claiming) => ({
      run,
      calls: [claimCall(claiming)],
      read: ([reply]) => toClaimed(claiming, reply),
    }),
    async change({ spend, owner, leaseMs, receipt, name }, change) {
      const { reason, transaction } = { reason: "", transaction: "", ...change };
      const said = change.to === "due" ? change.amount : reason;
      const kept = "kept" in change ? change.kept : undefined;
      const ms = kept?.forMs ?? ("goodMs" in change ? change.goodMs : 0) ?? 0;
      const args = [owner, change.to, String(leaseMs), receipt ? JSON.stringify(receipt) : ""];
      args.push(said, transaction, spend, kept ? JSON.stringify(kept.answer) : "", String(ms));
      let rides = (GOES_ON.has(change.to) ? undefined : tally?.take()) ?? [];
      const reply = await onItsDay(book, receipt, async (entry) => {
        const keys = [
          record(spend),
          index(spend),
          ...entry.keys,
          ...(name === undefined ? [] : [named(name)]),
        ];
        const call = { script: CHANGE, keys, args: [...args, ...entry.args] };
        const along = rides;
        rides = [];
        const [answer, ...ridden] = await run([call, ...along]).catch((error: unknown) => {
          tally?.putBack(along);
          throw error;
        });
        tally?.putBack(along.filter((_, i) => typeof ridden[i] !== "number"));
        return Number(answer);
      });
      return reply === 1;
    },
    async due(limit) {
      const calls = pendingKeys(prefix).map((key) => ({ script: DUE, keys: [key], args: [String(limit)] }));
      const replies = await run(calls);
      return toSpends(replies).slice(0, limit);
    },
    async take({ spend, owner, leaseMs }) {
      const args = [owner, String(leaseMs), spend, String(OWED_AGAIN_MS)];
      const [reply] = await run([{ script: TAKE, keys: [record(spend), index(spend)], args }]);
      return toFound(reply);
    },
  };
  return store;
}
