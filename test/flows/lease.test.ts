/** A claim is held as long as its isolate lives, and no longer. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../../dev/redis.ts";
import type { Call, Claim, Payment } from "../../src/core/call.ts";
import { makeTake } from "../../src/payment/claim.ts";
import { makePersist } from "../../src/payment/persist.ts";
import { openBatch } from "../../src/stores/batch.ts";
import { paymentStore } from "../../src/stores/payments.ts";
import { connect } from "../../src/stores/redis.ts";

const LEASE_MS = 300;
const RECEIPT = {
  success: true,
  transaction: `0x${"1".repeat(64)}`,
  network: "eip155:84532",
  payer: "0x1",
} as const;

let redis: RunningRedis | undefined;
beforeAll(async () => {
  redis = await startRedis({ strict: true });
});
afterAll(() => redis?.close());

function isolate() {
  const { url = "", token = "" } = redis ?? {};
  const store = paymentStore(connect({ url, token, prefix: "lease", timeoutMs: 1000 }), { prefix: "lease" });
  const persist = makePersist(store, () => undefined);
  const take = makeTake({ store, persist, clock: Date.now, leaseMs: LEASE_MS });
  return async (payment: Payment): Promise<Claim> => {
    const batch = openBatch();
    const { taken } = take(call, payment, [], batch, {});
    batch.send();
    const outcome = await taken;
    if (outcome.kind === "claimed") return outcome.claim;
    throw outcome.kind === "refused" ? outcome.error : new Error("there are no sessions here");
  };
}

const route = { offers: [], keepAnswerMs: 0, goodMs: 0, paymentIdentifier: "off" };
const request = new Request("http://x/");
const call = { waitUntil: () => undefined, request, url: new URL("http://x/"), route } as unknown as Call;

function payment(spend: string): Payment {
  const validBefore = Math.floor(Date.now() / 1000) + 60;
  return {
    scheme: {},
    validBefore,
    requirements: {},
    proven: true,
    expired: undefined,
    spend,
    fingerprint: "fp",
  } as unknown as Payment;
}

const codeOf = (claiming: Promise<Claim>) =>
  claiming.then(
    (claim) => claim,
    (error: { code?: string }) => error.code,
  );

it("a claim in hand is renewed: long after its lease, others still find it busy", async () => {
  const claim = await isolate()(payment("renewed"));
  const until = Date.now() + 3 * LEASE_MS;
  const seen = new Set<unknown>();
  while (Date.now() < until) seen.add(await codeOf(isolate()(payment("renewed"))));
  expect([...seen]).toEqual(["payment_in_progress"]);
  claim.abandoned();
});

it("after its last word a claim is not renewed and not heard", async () => {
  const claim = await isolate()(payment("closed"));
  claim.settled(RECEIPT);
  claim.delivered();
  claim.abandoned();
  await expect.poll(() => codeOf(isolate()(payment("closed")))).toBe("payment_already_used");
});

it("an isolate whose claim another one holds is told so at its next write, and changes nothing", async () => {
  const first = await isolate()(payment("lost"));
  first.settled(RECEIPT);
  // The lease ends, as it does when an isolate stalls; a second isolate takes the payment over.
  const second = await takeOver("lost");
  first.delivered();
  await expect.poll(() => first.lost.aborted).toBe(true);
  expect(await codeOf(isolate()(payment("lost")))).toBe("payment_in_progress");
  second.delivered();
});

it("what was served so far goes along with each renewal: an isolate that dies leaves it to be charged", async () => {
  const first = await isolate()(payment("tally"));
  let used = 0;
  first.tallies(() => String(used));
  await expect.poll(() => dueOf("tally"), { timeout: 1500 }).toBeNull();
  used = 5;
  await expect.poll(() => dueOf("tally")).toBe("5");
  used = 7;
  await expect.poll(() => dueOf("tally")).toBe("7");
  const second = await takeOver("tally");
  expect(second.due).toBe("7");
  second.abandoned();
  // Given up, it is still owed, and not forgotten.
  expect((await takeOver("tally")).due).toBe("7");
});

async function dueOf(spend: string): Promise<unknown> {
  const { url = "", token = "" } = redis ?? {};
  const run = connect({ url, token, prefix: "lease", timeoutMs: 1000 });
  const [due] = await run([
    { script: `return redis.call('HGET', KEYS[1], 'due')`, keys: [`lease:verify:${spend}`], args: [] },
  ]);
  return due;
}

/** Ends the lease, which a living isolate renews, until somebody else has the claim. */
async function takeOver(spend: string): Promise<Claim> {
  const { url = "", token = "" } = redis ?? {};
  const expire = `redis.call('HSET', KEYS[1], 'lease', '0') return 1`;
  const run = connect({ url, token, prefix: "lease", timeoutMs: 1000 });
  for (;;) {
    await run([{ script: expire, keys: [`lease:verify:${spend}`], args: [] }]);
    const claim = await codeOf(isolate()(payment(spend)));
    if (typeof claim === "object") return claim;
  }
}
