/** `tollbooth credits show` and `revoke`, in front of a real store. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { revokeCredits, showCredits } from "../../src/cli/credits.ts";
import { revokeSessions } from "../../src/cli/sessions.ts";
import { load } from "../../src/config/load.ts";
import type { Compiled } from "../../src/core/compiled.ts";
import { ask } from "../../src/stores/batch.ts";
import { openStores } from "../../src/stores/stores.ts";
import { postJson } from "../bridge/backends.ts";
import { valid } from "../config/valid.ts";

const PAYER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const NETWORK = "eip155:8453";
const SECRET = "s".repeat(43);

let redis: RunningRedis;
let compiled: Compiled;
beforeAll(async () => {
  redis = await startRedis({ strict: true });
  const pack = { upstream: "api", price: "$1", pricing: { model: "credits", calls: 10 } };
  compiled = await load(
    () => ({
      ...valid(),
      stores: { redis: { url: redis.url, token: redis.token } },
      routes: {
        "GET /a": pack,
        "GET /b": { ...pack, pricing: { model: "credits", calls: 10, group: "g" } },
        "GET /c": { upstream: "api", price: "$1", pricing: { model: "time", duration: "1h" } },
      },
    }),
    {},
  );
});
beforeEach(() => postJson(redis, "/", ["FLUSHALL"]));
afterAll(() => redis?.close());

async function open(group: string, payer = PAYER) {
  const { credits } = openStores(compiled.stores);
  const id = await credits.idOf(group, NETWORK, payer);
  const account = { id, group, secret: SECRET };
  const grant = (spend: string) => credits.grant({ ...account, spend, credits: 9, ttlMs: 3_600_000 });
  await grant("spend");
  const draw = async () =>
    ask(await credits.draw({ ...account, draw: crypto.randomUUID(), knownMs: 10_000 }));
  return { token: `${id}.${SECRET}`, grant, draw };
}

it("shows what is left, by a token and by the payer's address, however it is written", async () => {
  const a = await open("route GET /a");
  await open("group g");
  await open("group g", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
  await a.draw();
  const endsAt = expect.any(Number);
  expect(await showCredits(compiled, a.token)).toMatchObject([{ left: 8, endsAt }]);
  expect(await showCredits(compiled, PAYER.toLowerCase())).toEqual([
    { group: "route GET /a", network: NETWORK, left: 8, endsAt },
    { group: "group g", network: NETWORK, left: 9, endsAt },
  ]);
});

it("takes all of a payer's credits away, and nobody else's; a new payment begins anew", async () => {
  const [a, g] = [await open("route GET /a"), await open("group g")];
  const other = await open("group g", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
  expect(await revokeCredits(compiled, PAYER)).toBe(2);
  expect([await a.draw(), await g.draw()]).toEqual([undefined, undefined]);
  expect(await showCredits(compiled, PAYER)).toEqual([]);
  expect(await other.draw()).toMatchObject({ left: 8 });
  expect(await revokeCredits(compiled, PAYER)).toBe(0);
  expect(await a.grant("spend")).toMatchObject({ endsAt: 0 });
  expect(await a.grant("another")).toMatchObject({ left: 9 });
});

it("of a token only the one account; and `sessions revoke` leaves credits alone", async () => {
  const [a, g] = [await open("route GET /a"), await open("group g")];
  expect(await revokeSessions(compiled, PAYER)).toBe(0);
  expect(await revokeCredits(compiled, a.token)).toBe(1);
  expect([await a.draw(), await g.draw()]).toEqual([undefined, expect.objectContaining({ left: 8 })]);
});

it("what is neither a token nor an address is refused", async () => {
  await expect(showCredits(compiled, "somebody")).rejects.toThrow(/neither a session token/);
});
