/** The peer: the proxy with the x402 SDK's own middleware for Hono in front of it. */
import { HTTPFacilitatorClient } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddlewareFromConfig } from "@x402/hono";
import { Hono, type MiddlewareHandler } from "hono";

type Vars = { UPSTREAM_URL: string; FACILITATOR_URL: string; PAY_TO: string };

const NETWORK = "eip155:84532";

const app = new Hono<{ Bindings: Vars }>();
let paywall: MiddlewareHandler | undefined;

// Made within a request: it asks the facilitator what it supports, and a worker may not do that while it loads.
app.use((c, next) => {
  paywall ??= makePaywall(c.env);
  return paywall(c, next);
});

app.all("*", (c) => {
  const { pathname, search } = new URL(c.req.url);
  return fetch(c.env.UPSTREAM_URL + pathname + search, c.req.raw);
});

function makePaywall({ FACILITATOR_URL, PAY_TO }: Vars): MiddlewareHandler {
  const offer = {
    scheme: "exact",
    network: NETWORK,
    price: "$0.01",
    payTo: PAY_TO,
    maxTimeoutSeconds: 3600,
  } as const;
  return paymentMiddlewareFromConfig(
    {
      "GET /paid": { accepts: offer },
      "GET /upfront": { accepts: { ...offer, extra: { paymentFlow: "upfront" } } },
    },
    new HTTPFacilitatorClient({ url: FACILITATOR_URL }),
    [{ network: NETWORK, server: new ExactEvmScheme() }],
  );
}

export default app;
