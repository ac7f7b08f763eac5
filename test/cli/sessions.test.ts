/** `tollbooth sessions revoke`, in front of a real store. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
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
  const timed = { upstream: "api", price: "$1", pricing: { model: "time", duration: "1h" } };
  compiled = await load(
    () => ({
      ...valid(),
      stores: { redis: { url: redis.url, token: redis.token } },
      routes: { "GET /a": timed, "GET /b": timed, "GET /c": { upstream: "api", price: "$0" } },
    }),
    {},
  );
});
beforeEach(() => postJson(redis, "/", ["FLUSHALL"]));
afterAll(() => redis?.close());

async function open(key: string, payer = PAYER) {
  const { sessions } = openStores(compiled.stores);
  const group = compiled.routes.find((route) => route.key === key)?.session?.group ?? "";
  const id = await sessions.idOf(group, NETWORK, payer);
  const session = { id, group, secret: SECRET };
  const grant = () => sessions.grant({ ...session, spend: "spend", durationMs: 3_600_000 });
  await grant();
  return {
    token: `${id}.${SECRET}`,
    grant,
    runs: async () => (await ask(await sessions.endOf(session))) !== undefined,
  };
}

it("by a token: that session ends, others of the payer go on", async () => {
  const [a, b] = [await open("GET /a"), await open("GET /b")];
  expect(await revokeSessions(compiled, a.token)).toBe(1);
  expect([await a.runs(), await b.runs()]).toEqual([false, true]);
});

it("by the payer's address, however it is written: all sessions of that payer end, and nobody else's", async () => {
  const [a, b] = [await open("GET /a"), await open("GET /b")];
  const other = await open("GET /a", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
  expect(await revokeSessions(compiled, PAYER.toLowerCase())).toBe(2);
  expect([await a.runs(), await b.runs(), await other.runs()]).toEqual([false, false, true]);
  expect(await revokeSessions(compiled, PAYER)).toBe(0);
});

it("the payment that opened it does not open it again", async () => {
  const session = await open("GET /a");
  await revokeSessions(compiled, session.token);
  await session.grant();
  expect(await session.runs()).toBe(false);
});

it("what is neither a token nor an address is refused", async () => {
  await expect(revokeSessions(compiled, "somebody")).rejects.toThrow(/neither a session token/);
});
