/** What a metered call has used is charged once, whatever fails at its end: the store, the facilitator, another instance. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { createFaults } from "../../dev/faults.ts";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import { startUpstream } from "../../dev/upstream.ts";
import { createTollbooth, type Platform } from "../../src/index.ts";
import { postJson } from "../bridge/backends.ts";
import { type FacilitatorStub, startFacilitatorStub } from "../fixtures/facilitator-stub.ts";
import { payWithPermit } from "../fixtures/permit.ts";
import { decode, type Requirements } from "../fixtures/sign.ts";
import config from "../fixtures/tollbooth.config.ts";

const PATH = "/metered/large?bytes=500000";
const USED = "5000";

/** What happened, in its order: writes to the store that were answered, and settlements that were asked for. */
const seen: string[] = [];
const faults = createFaults();
let redis: RunningRedis;
let facilitator: FacilitatorStub;
let upstream: Awaited<ReturnType<typeof startUpstream>>;
let app: ReturnType<typeof createTollbooth>;
let env: Record<string, unknown>;
let background: Promise<unknown>[] = [];

beforeAll(async () => {
  redis = await startRedis({
    intercept: async (request, next) => {
      const change = request.commands.flat().find((word) => CHANGES.includes(word));
      const answer = await faults.intercept(request, next);
      if (change && answer) seen.push(change);
      return answer;
    },
  });
  [facilitator, upstream] = await Promise.all([startFacilitatorStub(), startUpstream()]);
  env = {
    PAY_TO: seller.address,
    REDIS_URL: redis.url,
    REDIS_TOKEN: redis.token,
    UPSTREAM_URL: upstream.url,
    FACILITATOR_URL: facilitator.url,
  };
  const platform: Platform = (c) => ({
    env,
    rawPath: new URL(c.req.url).pathname,
    clientAddress: undefined,
    waitUntil: (work) => void background.push(work.catch(() => undefined)),
  });
  app = createTollbooth(config, { platform, emit: () => undefined });
});
beforeEach(async () => {
  faults.clear();
  facilitator.reset();
  await command("FLUSHALL");
  seen.length = 0;
});
afterAll(() => Promise.all([redis?.close(), facilitator?.close(), upstream?.close()]));

const CHANGES = ["due", "settled", "delivered", "unknown", "failed", "abandoned"];
const change = (name: string) => ({
  when: ({ commands }: { commands: readonly (readonly string[])[] }) => commands.flat().includes(name),
});

async function command(...words: string[]): Promise<unknown> {
  return ((await postJson(redis, "/", words)) as { result: unknown }).result;
}

const call = (headers = {}) => app.request(`http://gateway.example${PATH}`, { headers });

async function sign(): Promise<Record<string, string>> {
  const { accepts } = decode((await call()).headers.get("payment-required")) as { accepts: [Requirements] };
  return { "payment-signature": await payWithPermit(accepts[0]) };
}

/** The answer's body is read, and everything that goes on behind it has ended. */
async function toItsEnd(answer: Response): Promise<void> {
  await answer.arrayBuffer();
  for (let ended = 0; ended < background.length; ) {
    ended = background.length;
    await Promise.all(background);
  }
  background = [];
}

/** The payment's record in Redis, and the passing of its lease and of the time until it is looked into. */
async function keyOfRecord(): Promise<string> {
  const [key = ""] = (await command("KEYS", "test:verify:*")) as string[];
  return key;
}
async function recorded(...fields: string[]): Promise<unknown> {
  return command("HMGET", await keyOfRecord(), ...fields);
}
async function timePasses(): Promise<void> {
  const key = await keyOfRecord();
  const spend = key.split(":").at(-1) ?? "";
  await command("HSET", key, "lease", "1");
  await command("ZADD", `test:pending:${spend.slice(0, 1)}`, "1", spend);
}

function settling(reply: "honest" | "away" = "honest"): void {
  const { settle } = facilitator.on;
  facilitator.on.settle = (asked) => {
    seen.push(`settle ${asked.paymentRequirements.amount}`);
    if (reply === "away") return { status: 502, text: "bad gateway" };
    if (settle) return settle(asked);
    const { network, amount } = asked.paymentRequirements;
    return { json: { success: true, transaction: `0x${"ab".repeat(32)}`, network, amount } };
  };
}

it("what is due is noted before the facilitator is asked for it, though the store fails at first", async () => {
  settling();
  const payment = await sign();
  faults.set("drop-before", { ...change("due"), times: 1 });
  await toItsEnd(await call(payment));
  expect(seen).toEqual(["due", `settle ${USED}`, "settled", "delivered"]);
});

it("a store that stays away does not cost the charge", async () => {
  settling();
  const payment = await sign();
  faults.set("drop-before", change("due"));
  await toItsEnd(await call(payment));
  expect(seen).toEqual([`settle ${USED}`, "settled", "delivered"]);
}, 30_000);

it("what could not be noted at first is noted with the doubt about its charge", async () => {
  settling("away");
  const payment = await sign();
  faults.set("drop-before", { ...change("due"), times: 5 });
  await toItsEnd(await call(payment));
  expect(seen).toEqual([`settle ${USED}`, "due", "unknown"]);
  expect(await recorded("state", "due")).toEqual(["unknown", USED]);
}, 30_000);

it("an instance that has lost the payment to another one charges nothing for it", async () => {
  settling();
  const answer = await call(await sign());
  await command("HSET", await keyOfRecord(), "owner", "another");
  await toItsEnd(answer);
  expect(facilitator.counts.settle).toBe(0);
});

/** A payment whose call has been served while nobody could charge it; now somebody can. */
async function leftUncharged() {
  settling("away");
  const payment = await sign();
  await toItsEnd(await call(payment));
  await timePasses();
  facilitator.reset();
  settling();
  return payment;
}

it("what was not charged at the end is charged by the cron's look, where no node is configured either, once", async () => {
  const payment = await leftUncharged();
  const counts = await Promise.all([app.reconcile(env), app.reconcile(env)]);
  expect(counts.map((each) => each?.settled).sort()).toEqual([0, 1]);
  expect(facilitator.counts.settle).toBe(1);
  expect(facilitator.asked.settle?.paymentRequirements.amount).toBe(USED);
  expect(await (await call(payment)).json()).toMatchObject({ code: "payment_already_used" });
  expect(facilitator.counts.settle).toBe(1);
});

it("what was not charged at the end is charged when the payment is presented again, and buys nothing more", async () => {
  const payment = await leftUncharged();
  const asked = upstream.requests.length;
  const answers = await Promise.all([call(payment), call(payment), app.reconcile(env)]);
  const [first, second] = answers.slice(0, 2) as [Response, Response];
  expect([first.status, second.status]).toEqual([409, 409]);
  expect([facilitator.counts.settle, upstream.requests.length]).toEqual([1, asked]);
  await Promise.all(background);
  expect(await recorded("state", "due", "done")).toEqual(["settled", USED, "1"]);
});
