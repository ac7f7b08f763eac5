/** The order of a paid call, with rooms that do what they are told. */
import { expect, it } from "vitest";
import type { Answer } from "../../src/core/answer.ts";
import type { Access, Claim } from "../../src/core/call.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { Rooms } from "../../src/core/rooms.ts";
import { serve } from "../../src/gateway.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, paymentOf, REQUIREMENTS, routeOf, TRANSACTION } from "./call.ts";

const RECEIPT = { success: true, transaction: TRANSACTION, network: "eip155:84532", payer: "0x1" } as const;

type Obtain = () => Promise<Answer>;

const answered: Obtain = async () => ({ response: new Response("ok"), stop: () => undefined });

/** How a call goes on whose answer comes from there. */
function going(obtain: Obtain = answered) {
  const cached = { fresh: false, refusal: undefined, letGo: () => undefined, obtain };
  return { headers: {}, accepts: [REQUIREMENTS], cached };
}

function roomsOf({ obtain, ...change }: Partial<Rooms> & { obtain?: Obtain }): Rooms {
  const claim = {
    payment: paymentOf(),
    receipt: undefined,
    lost: new AbortController().signal,
  } as unknown as Claim;
  Object.assign(claim, { abandoned: () => undefined });
  const access: Access = { kind: "claimed", claim };
  return {
    locate: (arrival) => arrival,
    preflight: () => undefined,
    dress: (_request, response) => response,
    show: (_request, error) => error,
    inspect: () => undefined,
    discover: async () => undefined,
    match: compileMatch([routeOf("GET /a", { price: "$0.01" })]),
    quote: async () => ({
      kind: "priced",
      accepts: [REQUIREMENTS],
      quoted: { terms: [], tier: "" },
    }),
    present: async () => ({ payment: claim.payment }),
    admit: async () => ({ ...going(obtain), access, headers: { ratelimit: "r" } }),
    verify: async () => undefined,
    resolve: async () => undefined,
    settle: async () => {
      claim.receipt = RECEIPT;
      return RECEIPT;
    },
    meter: async (_call, _claim, answer) => answer,
    collect: async () => true,
    grant: async () => ({ "tollbooth-session": "token" }),
    replay: () => ({ response: new Response("kept"), stop: () => undefined }),
    withhold: () => undefined,
    isServed: (_call, status) => status < 500,
    onRequest: async () => undefined,
    onPriceResolved: async () => undefined,
    onSettled: async () => undefined,
    onResponse: async (_call, answer) => answer,
    onError: async () => undefined,
    respond: (_call, { response }, { headers }) => new Response(response.body, { headers }),
    ...change,
  };
}

const arrival = () => arrivalOf("GET", "/a");

it("the upstream is not kept waiting for the session that was bought; the answer is", async () => {
  let granted: (fields: Record<string, string>) => void = () => undefined;
  let asked: () => void = () => undefined;
  const upstreamAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const serving = serve(
    roomsOf({
      grant: () =>
        new Promise((resolve) => {
          granted = resolve;
        }),
      obtain: async () => {
        asked();
        return answered();
      },
    }),
    arrival(),
  );
  await upstreamAsked;
  granted({ "tollbooth-session": "late" });
  expect((await serving).headers.get("tollbooth-session")).toBe("late");
});

it("what was bought and what is left ride on an error as well", async () => {
  const obtain = () => Promise.reject(new GatewayError("upstream_unreachable"));
  const failed = await serve(roomsOf({ obtain }), arrival()).catch((error: GatewayError) => error);
  expect(failed).toMatchObject({ code: "upstream_unreachable" });
  expect(Object.keys((failed as GatewayError).details.headers ?? {})).toEqual(
    expect.arrayContaining(["ratelimit", "tollbooth-session", "PAYMENT-RESPONSE"]),
  );
});

it("nothing is granted for a payment that was not settled", async () => {
  const settle = () => Promise.reject(new GatewayError("payment_outcome_unknown"));
  let grants = 0;
  const grant = async () => {
    grants += 1;
    return {};
  };
  await expect(serve(roomsOf({ settle, grant }), arrival())).rejects.toMatchObject({
    code: "payment_outcome_unknown",
  });
  expect(grants).toBe(0);
});

it.each([
  ["settled in this call", {}, 1],
  ["in doubt, and found to be settled", { inDoubtSince: 1 }, 1],
  ["settled earlier", { receipt: RECEIPT }, 0],
])("the hook of a settlement is heard once for it: %s", async (_, standing, times) => {
  const rooms = roomsOf({});
  const admitted = await rooms.admit(undefined as never, {}, undefined);
  const { access } = admitted;
  const { claim } = access as Extract<Access, { kind: "claimed" }>;
  Object.assign(claim, standing);
  let heard = 0;
  const resolve = async () => {
    claim.receipt = RECEIPT;
  };
  const onSettled = async () => {
    heard += 1;
  };
  await serve({ ...rooms, admit: async () => admitted, resolve, onSettled }, arrival());
  expect(heard).toBe(times);
});

it("the hook of an error is heard before the claim's last word, and of each failure once", async () => {
  for (const [obtain, expected] of [
    [() => Promise.reject(new GatewayError("upstream_timeout")), "upstream_timeout"],
    [async () => ({ response: new Response("", { status: 503 }), stop: () => undefined }), "503"],
  ] as const) {
    const words: string[] = [];
    const rooms = roomsOf({ obtain });
    const { access } = await rooms.admit(undefined as never, {}, undefined);
    Object.assign((access as { claim: Claim }).claim, { abandoned: () => words.push("abandoned") });
    const onError: Rooms["onError"] = async (_call, error) => {
      words.push(error instanceof GatewayError ? error.code : String(error.status));
    };
    await serve({ ...rooms, onError }, arrival()).catch(() => undefined);
    expect(words).toEqual(expected === "503" ? ["503"] : [expected, "abandoned"]);
  }
});

it("a credit whose call shall not be charged goes back once, and the answer says why", async () => {
  let back = 0;
  const giveBack = async () => {
    back += 1;
    return { "x-tollbooth-credits-remaining": "3" };
  };
  const admit: Rooms["admit"] = async () => ({ ...going(), access: { kind: "credit", giveBack } });
  const onResponse: Rooms["onResponse"] = async (_call, answer) => ({
    ...answer,
    unsettled: "nothing found",
  });
  const answer = await serve(roomsOf({ admit, onResponse }), arrival());
  expect([answer.status, back, Object.fromEntries(answer.headers)]).toEqual([
    200,
    1,
    { "x-tollbooth-settlement-skipped": "nothing found", "x-tollbooth-credits-remaining": "3" },
  ]);
  await serve(roomsOf({ admit }), arrival());
  expect(back).toBe(1);
});
