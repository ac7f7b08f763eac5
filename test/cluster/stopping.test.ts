/**
 * `tollbooth serve`, as the image runs it, is told to stop while money is on its way: real Redis, chain and facilitator, and
 * calls that the lab holds at every place. Afterwards the chain, the records and what the clients have seen must agree.
 */
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { killAll, type Running, start } from "../cli/process.ts";
import { look, nothingSeen, PRICE, quote, type Seen, signFor, startParts } from "../lab/lab.ts";
import { ANSWER } from "../lab/stalling-upstream.ts";
import type { Stop } from "../lab/stops.ts";
import type { PaymentRecord } from "../lab/store.ts";

const HALF = ANSWER.slice(0, ANSWER.length / 2);
/** What a byte of the metered route costs, atomic units. */
const PER_BYTE = 100n;

/** A call in flight when the instance is told to stop. */
type Held = { payment: string; looking: Promise<Seen>; seen: Seen; path: string };
/** What has become of it: for its client, in its record, for its client's return to the next instance. */
type Fate = { seen: Seen; record: PaymentRecord; back: Seen };

let parts: Awaited<ReturnType<typeof startParts>>;
let run: Running;
let url = "";

/** Starts an instance; the next one takes the port of the last, because a payment is for a call to one host. */
async function launch(grace: number, port = "0"): Promise<void> {
  const args = ["serve", "--config", "test/lab/tollbooth.config.ts", "--host", "127.0.0.1", "--port", port];
  run = start([...args, "--grace", String(grace)], { env: { ...parts.vars, TIMEOUT: "15" } });
  url = `http://127.0.0.1:${await run.port}`;
}

/** Presents a payment and waits until it is held there. */
async function holdAt(stop: Stop, path: string): Promise<Held> {
  const payment = await signFor(await quote(url + path));
  const arrived = parts.stops.hold(stop);
  const seen = nothingSeen();
  const looking = look(url + path, payment, seen);
  await arrived;
  return { payment, looking, seen, path };
}

const earned = () => parts.chain.balanceOf(seller.address);

/** Tells the instance to stop, and waits until it takes nobody any more. */
async function tellToStop(): Promise<void> {
  run.child.kill("SIGTERM");
  const refused = expect.objectContaining({ cause: expect.objectContaining({ code: "ECONNREFUSED" }) });
  await vi.waitFor(() => expect(fetch(`${url}/weather`)).rejects.toEqual(refused), 10_000);
}

/** The clients come back to the next instance, all with the payments that they have presented. */
async function comeBack(held: Held[]): Promise<Fate[]> {
  const records = await Promise.all(held.map(({ payment }) => parts.store.record(payment)));
  await launch(20, new URL(url).port);
  const fates: Fate[] = [];
  for (const [i, { seen, path, payment }] of held.entries()) {
    const back = await look(url + path, payment, nothingSeen());
    fates.push({ seen, record: records[i] ?? {}, back });
  }
  return fates;
}

beforeAll(async () => {
  parts = await startParts();
});
afterAll(async () => {
  parts?.stops.release("go");
  killAll();
  await parts?.close();
});

describe("an instance that is told to stop, again and by another signal too", () => {
  const CALLS: [string, Stop, string][] = [
    ["its payment is being settled", "settle:received", "/weather"],
    ["its payment has settled, the reply is on its way", "settle:done", "/weather"],
    ["it is paid, and the upstream is slow", "upstream:received", "/weather"],
    ["it is settled after its answer, and that is on its way", "settle:received", "/late/weather"],
    ["it is charged by the byte, and half of it is out", "upstream:half", "/metered/weather"],
    ["its settlement is being written down", "settled:received", "/weather"],
    ["it is delivered, and that is being written down", "delivered:received", "/weather"],
  ];
  let fates: Fate[] = [];
  let [code, got, more]: [number | null, bigint, bigint] = [null, 0n, 0n];

  beforeAll(async () => {
    await launch(20);
    const before = await earned();
    const held: Held[] = [];
    for (const [, stop, path] of CALLS) held.push(await holdAt(stop, path));
    await tellToStop();
    for (const signal of ["SIGINT", "SIGTERM", "SIGINT", "SIGTERM"] as const) {
      run.child.kill(signal);
      // Signals that come at once are one signal.
      await parts.store.command("PING");
    }
    parts.stops.release("go");
    await Promise.all(held.map(({ looking }) => looking));
    code = await run.exit;
    got = (await earned()) - before;
    fates = await comeBack(held);
    more = (await earned()) - before - got;
  }, 120_000);

  it.each(CALLS.map(([when], i) => [when, i] as const))("ends the call in flight: %s", (_, i) => {
    expect(fates[i]?.seen).toMatchObject({ status: 200, text: ANSWER, whole: true });
    expect(fates[i]?.record).toMatchObject({ state: "settled", done: "1" });
    expect(fates[i]?.back).toMatchObject({ status: 409, code: "payment_already_used" });
  });

  it("ends with 0, and each payment was charged once, by what it bought", () => {
    expect(code).toBe(0);
    expect(got).toBe(6n * PRICE + BigInt(ANSWER.length) * PER_BYTE);
    expect(more).toBe(0n);
  });
});

describe("an instance whose grace is over cuts the call, and loses no payment", () => {
  const CALLS = {
    settling: ["settle:received", "/weather"],
    asking: ["upstream:received", "/weather"],
    streaming: ["upstream:half", "/weather"],
    late: ["upstream:received", "/late/weather"],
    metered: ["upstream:half", "/metered/weather"],
  } as const satisfies Record<string, [Stop, string]>;
  const OF_HALF = BigInt(HALF.length) * PER_BYTE;
  let fates: Record<string, Fate | undefined> = {};
  let [code, got, more]: [number | null, bigint, bigint] = [null, 0n, 0n];

  beforeAll(async () => {
    // The one that the calls before came back to.
    run.child.kill("SIGKILL");
    await run.exit;
    await launch(0);
    const before = await earned();
    const held: Held[] = [];
    for (const [stop, path] of Object.values(CALLS)) held.push(await holdAt(stop, path));
    await tellToStop();
    await Promise.all(held.map(({ looking }) => looking));
    parts.stops.release("go");
    code = await run.exit;
    got = (await earned()) - before;
    const seen = await comeBack(held);
    fates = Object.fromEntries(Object.keys(CALLS).map((name, i) => [name, seen[i]]));
    more = (await earned()) - before - got;
  }, 120_000);

  const SERVED = { status: 200, text: ANSWER, whole: true };
  const cut = (received: string) => expect.objectContaining({ text: received, whole: false });

  it.each([
    ["its settlement, which goes on, is noted", "settling", ""],
    ["the upstream has not answered", "asking", ""],
    ["half of the answer is out", "streaming", HALF],
  ])("what is paid can be collected at the next one: %s", (_, name, received) => {
    expect(fates[name]).toMatchObject({ seen: cut(received), record: { state: "settled" }, back: SERVED });
    expect(fates[name]?.record).not.toHaveProperty("done");
  });

  it("what would have been settled after the answer is not charged, and good at the next one", () => {
    expect(fates.late).toMatchObject({ seen: cut(""), back: SERVED });
    expect(fates.late?.record).toEqual({});
  });

  it("what is metered is charged for what went through, and used", () => {
    expect(fates.metered).toMatchObject({ seen: cut(HALF), back: { status: 409 } });
    expect(fates.metered?.record).toMatchObject({ state: "settled", done: "1" });
  });

  it("ends with 0, and the chain agrees: nothing was charged twice, or for nothing", () => {
    expect(code).toBe(0);
    expect(got).toBe(3n * PRICE + OF_HALF);
    // The one that had not been charged.
    expect(more).toBe(PRICE);
  });
});

it("connections that are kept and idle, or have asked for nothing yet, do not hold it up", async () => {
  const silent = connect(Number(new URL(url).port), "127.0.0.1");
  await once(silent, "connect");
  const hungUp = once(silent, "close");
  const agent = new Agent({ keepAlive: true });
  const asking = get(`${url}/weather`, { agent });
  const [socket] = await once(asking, "socket");
  const closed = once(socket, "close");
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  expect(answer.headers.connection).toBe("keep-alive");
  await text(answer);
  const told = Date.now();
  expect(await run.stop()).toBe(0);
  await Promise.all([closed, hungUp]);
  // Far from the grace of twenty seconds, and from the five that Node keeps a connection for.
  expect(Date.now() - told).toBeLessThan(4000);
  agent.destroy();
});
