/** The doctor's look at the scripts: do they do here what they must? */

import type { RedisConnection } from "../core/compiled.ts";
import { GatewayError } from "../core/errors.ts";
import { openAdmin } from "./admin.ts";
import { ask } from "./batch.ts";
import { paymentStore } from "./payments.ts";
import { connect } from "./redis.ts";

/**
 * Runs the gateway's own scripts on a record of nobody, under the prefix, and removes it.
 * @returns what did not go as it must; undefined when all did
 */
export async function tryScripts(connection: RedisConnection): Promise<string | undefined> {
  const [spend, owner, rival] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const prefix = `${connection.prefix}:doctor`;
  const store = paymentStore(connect(connection), { prefix });
  const by = { spend, owner, leaseMs: 10_000, receipt: undefined };
  const payment = { ...by, fingerprint: "doctor", ttlMs: 10_000, create: true };
  try {
    const first = await ask(store.claim(payment));
    if (first.kind !== "claimed") return `a first claim was answered "${first.kind}"`;
    const second = await ask(store.claim({ ...payment, owner: rival }));
    if (second.kind !== "busy") return `a second claim was answered "${second.kind}"`;
    if (await store.change({ ...by, owner: rival }, { to: "delivered" }))
      return "a stranger's change was taken";
    return (await store.change(by, { to: "abandoned" })) ? undefined : "the owner's change was refused";
  } catch (error) {
    return error instanceof GatewayError ? String(error.details.cause) : String(error);
  } finally {
    await openAdmin(connection)
      .remove([`${prefix}:verify:${spend}`, `${prefix}:pending:${spend.slice(0, 1)}`])
      .catch(() => undefined);
  }
}
