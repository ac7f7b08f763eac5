/** Prepaid credits (`docs/storage.md`): `{prefix}:cred:{id}`, one hash for each payer and group of routes. */
import { GatewayError } from "../core/errors.ts";
import { hash } from "../core/hash.ts";
import type { Balance, CreditStore, RunScripts } from "../core/stores.ts";
import { DRAW, GIVE_BACK, GRANT_CREDITS } from "./credit-scripts.ts";
import { REVOKE } from "./session-scripts.ts";
import { type SessionOptions, sessionIds } from "./sessions.ts";

/** The keys of an account and of a draw from it. */
export function creditKeys(prefix: string) {
  return {
    account: (id: string) => `${prefix}:cred:${id}`,
    draw: (draw: string) => `${prefix}:draw:${draw}`,
  };
}

/** Credits behind a connection. The options are those of sessions, and mean the same. */
export function creditStore(run: RunScripts, { prefix, secret, keptMs }: SessionOptions): CreditStore {
  const keys = creditKeys(prefix);
  const ask = async (script: string, on: string[], args: string[]) => {
    const [reply] = await run([{ script, keys: on, args }]);
    return toBalance(reply);
  };
  return {
    idOf: sessionIds(secret),
    async draw({ id, group, secret: token, draw, knownMs }) {
      const args = [group, await hash(token), String(knownMs)];
      const call = { script: DRAW, keys: [keys.account(id), keys.draw(draw)], args };
      return { run, calls: [call], read: ([reply]) => toBalance(reply) };
    },
    giveBack: ({ draw, ids, knownMs }) =>
      ask(GIVE_BACK, [keys.draw(draw), ...ids.map(keys.account)], [String(knownMs)]),
    async grant({ id, group, spend, secret: token, credits, ttlMs }) {
      const known = token === undefined ? "" : await hash(token);
      const args = [group, spend, known, ...[ttlMs, keptMs, credits].map(String)];
      return (await ask(GRANT_CREDITS, [keys.account(id)], args)) ?? { left: 0, endsAt: 0 };
    },
    async revoke(id) {
      const [ended] = await run([{ script: REVOKE, keys: [keys.account(id)], args: [] }]);
      return Number(ended) === 1;
    },
  };
}

/** Credits that are left and when they end: two decimal strings, so that nothing rounds them, or two empty ones. */
export function toBalance(reply: unknown): Balance | undefined {
  const text = String(reply);
  const [, left, until] = /^(\d{1,15}),(\d{1,15})$/.exec(text) ?? [];
  if (left !== undefined) return { left: Number(left), endsAt: Number(until) };
  if (text === ",") return undefined;
  throw new GatewayError("store_unavailable", { cause: "unexpected credit reply" });
}
