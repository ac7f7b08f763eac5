/** Paid time at many instances: it is the store that knows of it, and no instance remembers anything by itself. */
import type { OutgoingHttpHeaders } from "node:http";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { revokeSessions } from "../../src/cli/sessions.ts";
import { load } from "../../src/config/load.ts";
import config from "../fixtures/tollbooth.config.ts";
import { ask } from "./ask.ts";
import { HOUR_MS } from "./bounds.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { crowd } from "./crowd.ts";

const SESSIONS = 100;
const PAYMENTS = 20;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster(6);
  // Nothing may lie between the settlement and the answer that could give a late write its time.
  cluster.upstream.slowestMs = 0;
});
afterAll(() => cluster?.close());

/** What the headers of an answer say of paid time. */
type Seen = { status: number | undefined; token: string; endsAt: number; charged: boolean };

/** Resolves when the headers are there. */
async function visit(url: string, headers: OutgoingHttpHeaders): Promise<Seen> {
  const answer = await ask(url, headers);
  answer.resume();
  const { "tollbooth-session": token, "tollbooth-session-expires": expires } = answer.headers;
  return {
    status: answer.statusCode,
    token: String(token),
    endsAt: Date.parse(String(expires)),
    charged: "payment-response" in answer.headers,
  };
}

/** Pays at a random instance. */
async function pay(route: string, privateKey: Hex): Promise<Seen> {
  const { path, header } = await cluster.sign(route, privateKey);
  return visit(cluster.anyUrl() + path, { "payment-signature": header });
}

/** A new payer's session of an hour. */
async function open(): Promise<Seen & { privateKey: Hex }> {
  const privateKey = generatePrivateKey();
  return { ...(await pay("/club/a", privateKey)), privateKey };
}

/** The token at all instances at once, half of them on the other route of the group. */
function everywhere(token: string): Promise<Seen[]> {
  const routes = ["/club/a", "/club/b"];
  const urls = cluster.urls().map((url, index) => url + routes[index % 2]);
  return Promise.all(urls.map((url) => visit(url, { "tollbooth-session": token })));
}

const paidBy = (privateKey: Hex) => cluster.ledger.paidBy(privateKeyToAddress(privateKey)).length;
/** What every instance should say. */
const all = (status: number, endsAt: number) =>
  Array.from({ length: 6 }, () => expect.objectContaining({ status, endsAt, charged: false }));

describe("a session that was opened at one instance", () => {
  it("is honoured by every other within the same moment, for what was paid once", async () => {
    const opened = await crowd(SESSIONS, 4, async () => {
      const session = await open();
      return { session, seen: await everywhere(session.token) };
    });
    for (const { session, seen } of opened) {
      expect(session).toMatchObject({ status: 200, charged: true });
      expect(seen).toEqual(all(200, session.endsAt));
      expect(paidBy(session.privateKey)).toBe(1);
    }
  }, 120_000);

  it("is opened by its own token only, whichever instance is asked", async () => {
    const [one, other] = [await open(), await open()];
    const forged = `${one.token.split(".")[0]}.${other.token.split(".")[1]}`;
    expect(await everywhere(forged)).toEqual(all(402, Number.NaN));
  });

  it("is refused by every instance from the first call after it was revoked, and its payer pays again", async () => {
    const compiled = await load(config, cluster.vars);
    const revoked = await crowd(SESSIONS, 4, async () => {
      const { token, endsAt, privateKey } = await open();
      expect(await everywhere(token)).toEqual(all(200, endsAt));
      const ended = await revokeSessions(compiled, token);
      const refused = await everywhere(token);
      const again = await pay("/club/b", privateKey);
      return { ended, refused, again, old: await everywhere(token) };
    });
    for (const { ended, refused, again, old } of revoked) {
      expect([ended, again]).toEqual([1, expect.objectContaining({ status: 200, charged: true })]);
      expect([refused, old]).toEqual([all(402, Number.NaN), all(402, Number.NaN)]);
    }
  }, 120_000);

  it("is still there after every instance was stopped and started again", async () => {
    const sessions = await crowd(10, 4, open);
    await Promise.all(cluster.slots.map((slot) => slot.stop()));
    expect(cluster.urls()).toEqual([]);
    await Promise.all(cluster.slots.map((slot) => slot.start()));
    for (const { token, endsAt } of sessions) expect(await everywhere(token)).toEqual(all(200, endsAt));
  }, 120_000);
});

it("20 payments of one payer at once add up to the hours that were charged, at every instance", async () => {
  for (const privateKey of Array.from({ length: 5 }, generatePrivateKey)) {
    const began = Date.now();
    const together = Array.from({ length: PAYMENTS }, () => pay("/club/a", privateKey));
    // Whoever comes once one of them is answered is let in for nothing.
    await Promise.any(together);
    const late = await Promise.all(Array.from({ length: 5 }, () => pay("/club/a", privateKey)));
    const seen = [...(await Promise.all(together)), ...late];
    const hours = seen.filter(({ charged }) => charged).length;
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    expect(late.filter(({ charged }) => charged)).toEqual([]);
    expect(paidBy(privateKey)).toBe(hours);
    const last = Math.max(...seen.map(({ endsAt }) => endsAt));
    // The first of them began within this test: what is left of the end without the hours is that moment.
    expect(last - hours * HOUR_MS).toBeGreaterThanOrEqual(began - 1);
    expect(last - hours * HOUR_MS).toBeLessThanOrEqual(Date.now());
    for (const { token } of seen.filter(({ charged }) => charged)) {
      expect(await everywhere(token)).toEqual(all(200, last));
    }
  }
}, 120_000);
