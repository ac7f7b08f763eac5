/** Paid time (`docs/storage.md`): `{prefix}:sess:{id}`, one hash for each payer and group of routes. */
import { GatewayError } from "../core/errors.ts";
import { hash, keyedHash } from "../core/hash.ts";
import type { RunScripts, SessionStore } from "../core/stores.ts";
import { END_OF, GRANT, REVOKE } from "./session-scripts.ts";

/** The key of a session. */
export function sessionKey(prefix: string, id: string): string {
  return `${prefix}:sess:${id}`;
}

/** How keys are named, and what is remembered. */
export type SessionOptions = {
  prefix: string;
  /** Keeps ids from being computed out of the payers' addresses by others. */
  secret: string;
  /** How long a payment that has added its time is known: at least as long as it can be presented again. */
  keptMs: number;
};

/** The id of what a payer has in a group. */
export function sessionIds(secret: string): SessionStore["idOf"] {
  return (group, network, payer) => keyedHash(secret, group, network, payer.toLowerCase());
}

/** Sessions behind a connection. */
export function sessionStore(run: RunScripts, { prefix, secret, keptMs }: SessionOptions): SessionStore {
  const key = (id: string) => sessionKey(prefix, id);
  return {
    idOf: sessionIds(secret),
    async endOf({ id, group, secret: token }) {
      const args = [group, token === undefined ? "" : await hash(token)];
      return { run, calls: [{ script: END_OF, keys: [key(id)], args }], read: ([end]) => toEnd(end) };
    },
    async grant({ id, group, spend, secret: token, durationMs }) {
      const args = [
        group,
        spend,
        token === undefined ? "" : await hash(token),
        String(durationMs),
        String(keptMs),
      ];
      const [end] = await run([{ script: GRANT, keys: [key(id)], args }]);
      return toEnd(end) ?? 0;
    },
    async revoke(id) {
      const [ended] = await run([{ script: REVOKE, keys: [key(id)], args: [] }]);
      return Number(ended) === 1;
    },
  };
}

/** Ends are decimal strings, so that nothing rounds them; `0` is none. */
function toEnd(reply: unknown): number | undefined {
  if (!/^\d{1,15}$/.test(String(reply))) {
    throw new GatewayError("store_unavailable", { cause: "unexpected session reply" });
  }
  return Number(reply) || undefined;
}
