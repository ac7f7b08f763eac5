/** What a claim tells the store besides the payment. */
import { expect, it } from "vitest";
import type { Call } from "../../src/core/call.ts";
import type { PaymentStore } from "../../src/core/ports.ts";
import type { Offer } from "../../src/core/route.ts";
import { makeTake } from "../../src/payment/claim.ts";
import { PAY_TO, paymentOf, REQUIREMENTS, routeOf } from "./call.ts";

const OTHER = "0x808456652fdb597867f38412077A9182bf77359F";

function offerOf(symbol: string, address: string, decimals: number): Offer {
  const asset = { address, decimals, name: "", version: "" };
  return {
    scheme: "exact",
    network: REQUIREMENTS.network,
    symbol,
    asset,
    transfer: "eip3009",
    payTo: PAY_TO,
  };
}

it.each([
  [REQUIREMENTS.asset, { symbol: "USDC", decimals: 6 }],
  [OTHER, { symbol: "EURC", decimals: 8 }],
])("of several tokens on a network, the ledger is told the one that was paid: %s", (asset, told) => {
  const claimed: Parameters<PaymentStore["claim"]>[0][] = [];
  const store = { claim: (claiming: (typeof claimed)[number]) => void claimed.push(claiming) };
  const take = makeTake({
    store: store as unknown as PaymentStore,
    persist: async () => "written",
    clock: () => 0,
    leaseMs: 30_000,
  });
  const offers = [offerOf("USDC", REQUIREMENTS.asset, 6), offerOf("EURC", OTHER, 8)];
  const call = { route: { ...routeOf("GET /a", { price: "$0.01" }), offers } } as Call;
  const payment = { ...paymentOf(), requirements: { ...REQUIREMENTS, asset } };
  void take(call, payment, [], { add: () => new Promise(() => undefined) }, {});
  expect(claimed[0]?.sold).toEqual({ route: "GET /a", ...told });
});
