/** Prepaid credits (`docs/storage.md`): `{prefix}:cred:{id}`, one hash for each payer and group of routes. */
import * as z from "zod/mini";
import { GatewayError } from "../core/errors.ts";
import { hash } from "../core/hash.ts";
import type { Balance, CreditStore, RunScripts } from "../core/stores.ts";
import { BALANCE, DRAW, GIVE_BACK, GRANT_CREDITS } from "./credit-scripts.ts";
import { REVOKE } from "./session-scripts.ts";
import { type SessionOptions, sessionIds } from "./sessions.ts";

/** How many credits are left and when they end, as decimal strings so that nothing rounds them; empty is none. */
const Reply = z.union([
  z.tuple([z.literal(""), z.literal("")]),
  z.tuple([z.string().check(z.regex(/^\d{1,15}$/)), z.string().check(z.regex(/^\d{1,15}$/))]),
]);

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
    balanceOf: (id) => ask(BALANCE, [keys.account(id)], []),
    async revoke(id) {
      const [ended] = await run([{ script: REVOKE, keys: [keys.account(id)], args: [] }]);
      return Number(ended) === 1;
    },
  };
}

function toBalance(reply: unknown): Balance | undefined {
  const parsed = Reply.safeParse(reply);
  if (!parsed.success) throw new GatewayError("store_unavailable", { cause: "unexpected credit reply" });
  const [left, until] = parsed.data;
  return left === "" ? undefined : { left: Number(left), endsAt: Number(until) };
}
