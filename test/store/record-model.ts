/**
 * A payment's record as `docs/storage.md` and design section 5 tell it, in memory: what the scripts are compared with.
 * Written from the tables, not from the Lua.
 */

export type ClaimAsk = { ask: "claim"; owner: string; fp: string; create: boolean };
export type ChangeAsk = {
  ask: "change";
  owner: string;
  to: "settled" | "failed" | "unknown" | "renewed" | "delivered" | "abandoned" | "broken";
  receipt: string;
};
export type Ask = ClaimAsk | ChangeAsk;
export type Reply = [kind: string, detail: string] | "0" | "1";

type Fields = {
  state: "claimed" | "settled" | "failed" | "unknown";
  fp: string;
  owner: string;
  lease: number;
  receipt: string;
  done: boolean;
  broken: number;
  since: number;
};

export const LEASE_MS = 1000;
/** x402 reason of whatever fails or stays unknown in these tests. */
export const REASON = "some_reason";
/** A payment in doubt is left alone for so long. */
const DOUBT_MS = 2000;
/** The third answer that breaks off uses the payment up. */
const MAX_BROKEN = 3;

export class RecordModel {
  fields: Fields | undefined;

  answer(ask: Ask, now: number): Reply {
    return ask.ask === "claim" ? this.claim(ask, now) : this.change(ask, now) ? "1" : "0";
  }

  private claim({ owner, fp, create }: ClaimAsk, now: number): Reply {
    const it = this.fields;
    const lease = now + LEASE_MS;
    if (!it && !create) return ["absent", ""];
    if (!it) {
      this.fields = { state: "claimed", fp, owner, lease, receipt: "", done: false, broken: 0, since: now };
      return ["claimed", ""];
    }
    if (it.fp !== fp) return ["conflict", ""];
    const held = it.lease > now;
    const mine = held && it.owner === owner;
    if (it.state === "failed") return ["failed", REASON];
    if (it.state === "claimed" && mine) return ["claimed", ""];
    if (it.state === "settled" && mine) return ["paid", it.receipt];
    if (it.state === "settled" && it.done) return ["used", it.receipt];
    if (it.state === "unknown" && mine) {
      it.lease = lease;
      return ["doubt", String(it.since)];
    }
    if (held) return ["busy", String(it.lease - now)];
    Object.assign(it, { owner, lease });
    if (it.state === "settled") return ["paid", it.receipt];
    it.state = "unknown";
    return ["doubt", String(it.since)];
  }

  private change({ owner, to, receipt }: ChangeAsk, now: number): boolean {
    const it = this.fields;
    if (!it) return false;
    const open = it.state === "claimed" || it.state === "unknown";
    if (receipt !== "" && open) Object.assign(it, { state: "settled", receipt });
    if (it.owner !== owner || (receipt !== "" && it.state !== "settled")) return false;
    if (to === "settled" || to === "renewed") {
      it.lease = now + LEASE_MS;
      return true;
    }
    return it.state === "settled" ? this.changePaid(it, to) : this.changeUnpaid(it, to, now);
  }

  private changePaid(it: Fields, to: ChangeAsk["to"]): boolean {
    if (to === "failed" || to === "unknown") return false;
    if (to === "broken" && it.lease === 0) return true;
    if (to === "broken") it.broken += 1;
    it.lease = 0;
    it.done ||= to === "delivered" || it.broken >= MAX_BROKEN;
    return true;
  }

  private changeUnpaid(it: Fields, to: ChangeAsk["to"], now: number): boolean {
    if (to === "delivered") return false;
    if (to === "failed" || to === "unknown") {
      Object.assign(it, { state: to, lease: to === "unknown" ? now + DOUBT_MS : 0 });
      return true;
    }
    // What was begun is not undone by letting go of it.
    if (it.state === "claimed") this.fields = undefined;
    else it.lease = 0;
    return true;
  }
}
