/** The hooks' room: what they may want, what they cannot break, and what is in the log. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Call, Claim } from "../../src/core/call.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { Event } from "../../src/core/events.ts";
import type { Standing } from "../../src/core/hook-room.ts";
import type { HookContext, HookName, HookStore, Hooks } from "../../src/core/hooks.ts";
import type { Refund } from "../../src/core/refund.ts";
import type { Route } from "../../src/core/route.ts";
import { makeHooks } from "../../src/hooks/hooks.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, PAY_TO, PAYER, paymentOf, REQUIREMENTS, routeOf, TRANSACTION } from "./call.ts";

const nothing = () => Promise.reject(new GatewayError("store_unavailable"));
const STORE: HookStore = { get: nothing, set: nothing, increment: nothing, delete: nothing };
const RECEIPT = { success: true, transaction: TRANSACTION, network: "eip155:84532", payer: PAYER } as const;

function setUp(
  hooks: Record<string, unknown>,
  record: (refund: Refund) => Promise<boolean> = async () => true,
) {
  const events: Event[] = [];
  const pending: Promise<unknown>[] = [];
  const route = { ...routeOf("GET /a", { price: "$0.01" }), hooks: { ...(hooks as Hooks), timeoutMs: 40 } };
  const arrival = {
    ...arrivalOf("GET", "/a?q=1"),
    waitUntil: (work: Promise<unknown>) => void pending.push(work),
  };
  const call: Call = compileMatch([route])(arrival);
  const room = makeHooks({
    store: STORE,
    ledger: { record },
    emit: (event) => void events.push(event),
    clock: () => Date.UTC(2026, 10, 21),
    visible: (headers) => new Headers(headers),
    clean: (headers) => new Headers(headers),
  });
  const words: string[] = [];
  const claim = {
    payment: paymentOf(),
    receipt: undefined,
    delivered: () => void words.push("delivered"),
  } as unknown as Claim;
  const standing: Standing = { accepts: [REQUIREMENTS], access: { kind: "claimed", claim }, headers: {} };
  const answer = () => ({ response: new Response("ok"), stop: () => void words.push("stopped") });
  return { room, call, claim, standing, answer, events, words, settled: () => Promise.all(pending) };
}

/** The code that a call ends with. */
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: GatewayError) => error.code,
  );

describe("a result of another shape is a failure, and says what there may be", () => {
  const wrong: [HookName, unknown][] = [
    ["onRequest", true],
    ["onRequest", "reject"],
    ["onRequest", {}],
    ["onRequest", { rejected: true }],
    ["onRequest", { reject: false }],
    ["onRequest", { reject: true, status: 200 }],
    ["onRequest", { reject: true, status: 600 }],
    ["onRequest", { reject: true, status: "403" }],
    ["onRequest", { reject: true, status: 403.5 }],
    ["onRequest", { reject: true, body: 1 }],
    ["onRequest", { refund: { reason: "r" } }],
    ["onRequest", new Response("no")],
    ["onPriceResolved", { price: "$0" }],
    ["onPriceResolved", { settle: false, reason: "r" }],
    ["onResponse", { settle: true, reason: "r" }],
    ["onResponse", { settle: false }],
    ["onResponse", { settle: false, reason: "\r\n" }],
    ["onResponse", { settle: false, reason: "r", reject: true }],
    ["onResponse", { refund: true }],
    ["onResponse", { refund: { reason: "r", amount: "0" } }],
    ["onResponse", { refund: { reason: "r", amount: "-1" } }],
    ["onResponse", { refund: { reason: "r", amount: 0.5 } }],
    ["onResponse", { refund: { reason: "r", amount: -1n } }],
    ["onResponse", Response.error()],
  ];
  it.each(wrong)("%s: %#", async (name, result) => {
    const { room, call, standing, answer, events } = setUp({ [name]: () => result });
    const run = {
      onRequest: () => room.onRequest(call),
      onPriceResolved: () => room.onPriceResolved(call, [REQUIREMENTS]),
      onResponse: () => room.onResponse(call, answer(), standing),
    };
    expect(await codeOf(run[name as keyof typeof run]())).toBe("hook_failed");
    expect(events).toEqual([
      {
        event: "hook_failed",
        level: "error",
        route: "GET /a",
        hook: name,
        error: expect.stringMatching(/^TypeError/),
      },
    ]);
  });
});

describe("whatever a hook throws, there is a line in the log", () => {
  const bare = Object.create(null);
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error("trapped");
      },
    },
  );
  const things = [new Error("why"), "text", undefined, null, bare, trap, Symbol("s"), 10n ** 30n];
  it.each([...things.keys()])("%i", async (i) => {
    const { room, call, events } = setUp({
      onRequest: () => {
        throw things[i];
      },
    });
    expect(await codeOf(room.onRequest(call))).toBe("hook_failed");
    expect(events[0]).toMatchObject({ hook: "onRequest", error: expect.any(String) });
  });

  it("a result that cannot be read is a failure too", async () => {
    const { room, call } = setUp({ onRequest: () => trap });
    expect(await codeOf(room.onRequest(call))).toBe("hook_failed");
  });
});

it("a hook whose time is up is not heard any more, whatever it does then", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  const { room, call, events } = setUp({
    onRequest: async ({ store, request }: HookContext) => {
      // Forgotten awaits.
      void store.get("k");
      void request.json();
      await sleep(60);
      throw new Error("too late");
    },
  });
  expect(await codeOf(room.onRequest(call))).toBe("hook_failed");
  expect(events).toMatchObject([{ error: expect.stringContaining("took longer than 40 ms") }]);
  await sleep(80);
  process.off("unhandledRejection", note);
  expect([unhandled, events.length]).toEqual([[], 1]);
});

it("contexts are frozen, and what may be changed is a copy", async () => {
  const { room, call } = setUp({
    onRequest: (context: HookContext) => {
      const { request, route } = context;
      for (const part of [context, request, request.params, route, context.store]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
      request.headers.set("x-changed", "1");
      request.query.set("q", "2");
    },
  });
  await room.onRequest(call);
  expect([call.request.headers.has("x-changed"), call.url.search]).toEqual([false, "?q=1"]);
});

it("the log has the route and the hook, whatever the fields say; work in the background fails into it", async () => {
  const { room, call, events, settled } = setUp({
    onRequest: ({ log, waitUntil }: HookContext) => {
      log("warn", "careful", { route: "another", event: "forged", n: 1 });
      log("loud" as "info", "what");
      waitUntil(Promise.reject(new Error("in the back")));
    },
  });
  await room.onRequest(call);
  await settled();
  expect(events).toMatchObject([
    { event: "hook_log", level: "warn", message: "careful", route: "GET /a", hook: "onRequest", n: 1 },
    { event: "hook_log", level: "info", message: "what" },
    { event: "hook_background_failed", level: "error", error: expect.stringContaining("in the back") },
  ]);
});

describe("a refund", () => {
  const refunding = { onError: () => ({ refund: { reason: "no\nanswer", amount: 4000n } }) };
  const failure = new GatewayError("upstream_timeout");

  it("is recorded with everything that is needed to send it, and ends the payment at once", async () => {
    const recorded: Refund[] = [];
    const { room, call, claim, standing, words, events, settled } = setUp(refunding, async (refund) => {
      recorded.push(refund);
      return true;
    });
    claim.receipt = RECEIPT;
    await room.onError(call, failure, standing);
    // Before whoever unwinds the call has a chance to give the payment back.
    expect(words).toEqual(["delivered"]);
    await settled();
    const refund = {
      time: "2026-11-21T00:00:00.000Z",
      route: "GET /a",
      spend: "s",
      payer: PAYER,
      network: "eip155:84532",
      asset: REQUIREMENTS.asset,
      amount: "4000",
      payTo: PAY_TO,
      transaction: TRANSACTION,
      reason: "no answer",
    };
    expect(recorded).toEqual([refund]);
    expect(events).toEqual([{ event: "refund_recorded", level: "info", ...refund }]);
  });

  it("that the store does not take is in the log with all of it, each time, and tried again", async () => {
    let tries = 0;
    const { room, call, claim, standing, events, settled } = setUp(refunding, async () => {
      tries += 1;
      if (tries < 3) throw new GatewayError("store_unavailable");
      return true;
    });
    claim.receipt = RECEIPT;
    await room.onError(call, failure, standing);
    await settled();
    expect(events.map(({ event }) => event)).toEqual([
      "refund_write_failed",
      "refund_write_failed",
      "refund_recorded",
    ]);
    expect(events[0]).toMatchObject({
      level: "error",
      payer: PAYER,
      amount: "4000",
      transaction: TRANSACTION,
    });
  });

  it("of a call that was not charged is none: it is said so, and the payment stays good", async () => {
    const { room, call, standing, words, events } = setUp(refunding);
    await room.onError(call, failure, standing);
    expect([words, events.map(({ event }) => event)]).toEqual([[], ["hook_ignored"]]);
  });

  it("wished for before the settlement waits for it", async () => {
    const recorded: Refund[] = [];
    const hooks = { onResponse: () => ({ refund: { reason: "half", amount: "5000" } }) };
    const { room, call, claim, standing, answer, settled } = setUp(hooks, async (refund) => {
      recorded.push(refund);
      return true;
    });
    await room.onResponse(call, answer(), standing);
    expect(recorded).toEqual([]);
    claim.receipt = RECEIPT;
    await room.onSettled(call, claim, [REQUIREMENTS]);
    await settled();
    expect(recorded).toMatchObject([{ amount: "5000", reason: "half" }]);
  });
});

describe("an answer that shall not be charged", () => {
  const hooks = { onResponse: () => ({ settle: false, reason: "nothing found" }) };
  const giveBack = async () => ({});

  it("on a credit: whoever holds the credit is told", async () => {
    const { room, call, standing, answer, events } = setUp(hooks);
    const seen = await room.onResponse(call, answer(), {
      ...standing,
      access: { kind: "credit", giveBack },
    });
    expect([seen.unsettled, events]).toEqual(["nothing found", []]);
  });

  it("though it costs nothing: the log says that nothing was done", async () => {
    const { room, call, standing, answer, events } = setUp(hooks);
    const seen = await room.onResponse(call, answer(), { ...standing, access: { kind: "free" } });
    expect([seen.unsettled, events.map(({ event }) => event)]).toEqual([undefined, ["hook_ignored"]]);
  });
});

describe("an answer", () => {
  it("that takes another's place leaves the upstream's count of what was used, unless it has one of its own", async () => {
    const header = { name: "x-units", price: { digits: 1n, scale: 0 }, per: 1n };
    for (const [own, count] of [
      [{}, "7"],
      [{ "x-units": "2" }, "2"],
    ] as const) {
      const { room, call, standing } = setUp({ onResponse: () => new Response("other", { headers: own }) });
      const metered: Call = { ...call, route: { ...call.route, usage: { header } as Route["usage"] } };
      const counted = {
        response: new Response("ok", { headers: { "x-units": "7" } }),
        stop: () => undefined,
      };
      const { response } = await room.onResponse(metered, counted, standing);
      expect([await response.text(), response.headers.get("x-units")]).toEqual(["other", count]);
    }
  });

  it("that nobody will read is stopped: rejected, replaced, or denied", async () => {
    for (const result of [{ reject: true }, new Response("other"), { nonsense: 1 }]) {
      const { room, call, standing, answer, words } = setUp({ onResponse: () => result });
      await room.onResponse(call, answer(), standing).catch(() => undefined);
      expect(words).toEqual(["stopped"]);
    }
  });

  it("of a route without that hook is the very same", async () => {
    const { room, call, standing, answer } = setUp({ onRequest: () => undefined });
    const given = answer();
    expect(await room.onResponse(call, given, standing)).toBe(given);
  });

  it("what was decided too late is said in the log", async () => {
    for (const result of [{ settle: false, reason: "r" }, { reject: true }]) {
      const { room, call, claim, standing, answer, events } = setUp({ onResponse: () => result });
      claim.receipt = RECEIPT;
      await room.onResponse(call, answer(), standing).catch(() => undefined);
      expect(events).toMatchObject([
        { event: "hook_ignored", level: "warn", message: expect.stringContaining("refund") },
      ]);
    }
  });
});

it.each(["payment_outcome_unknown", "payment_in_progress"] as const)(
  "onError does not say that nothing was charged when that is not known: %s",
  async (code) => {
    const seen: unknown[] = [];
    const { room, call, standing } = setUp({
      onError: ({ skipped }: { skipped: unknown }) => void seen.push(skipped),
    });
    await room.onError(call, new GatewayError(code), standing);
    await room.onError(call, new GatewayError("upstream_timeout"), standing);
    expect(seen).toEqual([undefined, "upstream_timeout"]);
  },
);
