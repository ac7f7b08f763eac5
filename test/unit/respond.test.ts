import { expect, it, vi } from "vitest";
import type { Call, Claim } from "../../src/core/call.ts";
import { respond } from "../../src/proxy/respond.ts";

function claimThat(lost: AbortController): Claim {
  const silent = () => undefined;
  const verbs = {
    owes: silent,
    keep: silent,
    settled: silent,
    unknown: silent,
    failed: silent,
    delivered: silent,
    abandoned: silent,
    broken: silent,
  };
  const receipt = { success: true, transaction: "0x1", network: "eip155:84532", payer: "0x2" } as const;
  return {
    ...verbs,
    payment: {} as Claim["payment"],
    inDoubtSince: undefined,
    repeated: false,
    verified: false,
    answer: undefined,
    due: undefined,
    tallies: () => undefined,
    charges: async () => true,
    receipt,
    lost: lost.signal,
  };
}

const route = { keepAnswerMs: 0, settleBelow: 500 };
const call = { request: new Request("http://x/"), route, waitUntil: () => undefined } as unknown as Call;

it.each(["before", "after"])(
  "an isolate that lost its claim %s it answers stops the answer: another one serves",
  (when) => {
    const lost = new AbortController();
    const stop = vi.fn();
    if (when === "before") lost.abort();
    const access = { kind: "claimed", claim: claimThat(lost) } as const;
    respond(call, { response: new Response("body"), stop }, { access, headers: {} });
    lost.abort();
    expect(stop).toHaveBeenCalledTimes(1);
  },
);
