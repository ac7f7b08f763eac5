/**
 * Accounts of credits as `docs/storage.md` tells them, in memory: what the scripts are compared with. Written from the
 * tables, not from the Lua.
 */

export type Ask =
  | { ask: "grant"; account: string; spend: string; credits: number; token: string }
  /** By token, or with an empty one by a payment's claim. */
  | { ask: "draw"; account: string; draw: string; token: string }
  | { ask: "giveBack"; draw: string; accounts: readonly string[] }
  | { ask: "revoke"; account: string };
/** What is left and when it ends, or nothing; of `revoke` whether there was something to end. */
export type Reply = [left: number, until: number] | undefined | boolean;

type Account = { left: number; until: number; since: number; tokens: Set<string>; spends: Set<string> };

/** How long credits last, ms. */
export const TTL_MS = 1000;

export class CreditModel {
  readonly accounts = new Map<string, Account>();
  private readonly draws = new Map<string, { account: string; since: number } | "back">();

  answer(ask: Ask, now: number): Reply {
    switch (ask.ask) {
      case "grant":
        return this.grant(ask, now);
      case "draw":
        return this.draw(ask, now);
      case "giveBack":
        return this.giveBack(ask);
      case "revoke":
        return this.revoke(ask.account, now);
    }
  }

  private grant({ account, spend, credits, token }: Extract<Ask, { ask: "grant" }>, now: number): Reply {
    const fresh = { left: 0, until: 0, since: 0, tokens: new Set<string>(), spends: new Set<string>() };
    const it = this.accounts.get(account) ?? fresh;
    this.accounts.set(account, it);
    if (!it.spends.has(spend)) {
      it.spends.add(spend);
      if (it.until <= now) Object.assign(it, { left: 0, since: now });
      it.left += credits;
      it.until = Math.max(it.until, now + TTL_MS);
    }
    if (token !== "" && it.until > now) it.tokens.add(token);
    return [it.left, it.until];
  }

  private draw({ account, draw, token }: Extract<Ask, { ask: "draw" }>, now: number): Reply {
    const it = this.accounts.get(account);
    const drawn = this.draws.get(draw);
    if (drawn === "back") return undefined;
    if (drawn) return [it?.left ?? 0, it?.until ?? 0];
    if (!it || it.until <= now || it.left === 0) return undefined;
    if (token !== "" && !it.tokens.has(token)) return undefined;
    it.left -= 1;
    this.draws.set(draw, { account, since: it.since });
    return [it.left, it.until];
  }

  private giveBack({ draw, accounts }: Extract<Ask, { ask: "giveBack" }>): Reply {
    const drawn = this.draws.get(draw);
    this.draws.set(draw, "back");
    if (drawn === undefined || drawn === "back" || !accounts.includes(drawn.account)) return undefined;
    const it = this.accounts.get(drawn.account);
    // What an account held before it was opened again does not come back.
    if (!it || it.since !== drawn.since) return undefined;
    it.left += 1;
    return [it.left, it.until];
  }

  private revoke(account: string, now: number): Reply {
    const it = this.accounts.get(account);
    if (!it || it.until <= now) return false;
    it.until = 0;
    it.tokens.clear();
    return true;
  }
}
